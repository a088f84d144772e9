"""nnexp diagnose, the end of nnexp train and the health in nnexp report, on runs that were made to go wrong."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from nnexp.cli.commands.diagnose import print_gravest_findings
from nnexp.diagnosis.findings import Diagnosis, Finding, Remedy
from tests.cli.inside import Done, inside

DIGITS = """\
name: {name}
data: {{source: digits, split: {{train: 300, dev: 60, test: 50}}}}
architecture: [dense: 32, relu, output]
init: {init}
training: {{epochs: 25, batch_size: 20}}
{more}
"""

NEIGHBOURS = """\
name: neighbours
data: {source: digits, split: {train: 300, dev: 60, test: 50}}
baseline: {knn: {k: 3}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: one that is well, one whose units are all the same, one that never looked, a baseline."""
    folder = tmp_path_factory.mktemp("diagnoses")
    (folder / "well.yaml").write_text(DIGITS.format(name="well", init="he", more=""))
    (folder / "same.yaml").write_text(DIGITS.format(name="same", init="zeros", more=""))
    (folder / "blind.yaml").write_text(DIGITS.format(name="blind", init="he", more="diagnostics: {every: never}"))
    (folder / "knn.yaml").write_text(NEIGHBOURS)
    for name in ("well", "same", "blind", "knn"):
        assert inside("train", f"{name}.yaml", "-q", cwd=folder).returncode == 0
    return folder


def diagnose(place: Path, *arguments: str, code: int = 0) -> Done:
    done = inside("diagnose", *arguments, cwd=place)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def test_a_run_that_is_well_is_said_to_be(place: Path) -> None:
    assert "no problems found" in diagnose(place, "well").stdout


def test_a_finding_says_what_to_put_after_the_command(place: Path) -> None:
    shown = diagnose(place, "same").stdout
    assert "symmetric units" in shown
    assert "init=he" in shown


def test_the_document_has_every_finding_with_its_numbers(place: Path) -> None:
    document = json.loads(diagnose(place, "same", "--json").stdout)
    assert document["healthy"] is False
    first = document["findings"][0]
    assert first["cause"] == "symmetric_units"
    assert "dense_1" in first["layers"]
    assert first["remedies"][0]["override"] == "init=he"


def test_the_optimal_error_decides_what_is_bias(place: Path) -> None:
    bad = diagnose(place, "same", "--json").stdout
    forgiven = diagnose(place, "same", "--json", "--optimal-error", "0.9").stdout
    balances = [json.loads(text)["balance"] for text in (bad, forgiven)]
    assert "high bias" in balances[0]
    assert "high bias" not in balances[1]
    diagnose(place, "same", "--optimal-error", "1.5", code=2)


def test_a_run_that_never_looked_says_so(place: Path) -> None:
    assert "only its metrics were examined" in diagnose(place, "blind").stdout
    assert json.loads(diagnose(place, "blind", "--json").stdout)["recorded"] is False


def test_of_several_runs_each_finding_is_said_once(place: Path) -> None:
    shown = diagnose(place, "runs").stdout.splitlines()
    assert shown[0] == "3 runs, 2 of them without problems"
    assert sum("symmetric units" in line for line in shown) == 1
    assert len(json.loads(diagnose(place, "runs", "--json").stdout)) == 3


def test_up_to_five_named_runs_are_told_whole(place: Path) -> None:
    first, second = (diagnose(place, name).stdout for name in ("same", "well"))
    assert diagnose(place, "same", "well").stdout == f"{first}\n{second}"
    assert len(json.loads(diagnose(place, "same", "well", "--json").stdout)) == 2


def test_many_runs_end_with_the_range_of_their_errors(place: Path) -> None:
    documents = json.loads(diagnose(place, "runs", "--json").stdout)
    train, dev = ([100 * document["errors"][0][part] for document in documents] for part in ("train", "dev"))
    last = diagnose(place, "runs").stdout.splitlines()[-1]
    assert last == f"errors: train {min(train):.1f} to {max(train):.1f} %, dev {min(dev):.1f} to {max(dev):.1f} %"


OVERRIDE = "architecture.mlp.hidden=[128, 128]"
TOLD = Diagnosis(
    "wide",
    (
        Finding(
            "high_bias",
            f"high bias: {'the train error is very high ' * 5}",
            remedies=(
                Remedy("a larger network than this one, which is rather small", OVERRIDE),
                Remedy("train longer", "training.epochs=30"),
                Remedy("another architecture, such as one for which these layers are better suited than for this"),
            ),
        ),
    ),
)


@pytest.mark.parametrize("width", [40, 60, 80, 110, 300])
def test_on_a_terminal_lines_break_between_words_and_never_in_an_override(width: int) -> None:
    console = Console(
        file=(shown := io.StringIO()), force_terminal=True, width=width, soft_wrap=True, color_system=None
    )
    print_gravest_findings(TOLD, console)
    lines = shown.getvalue().splitlines()
    assert all(len(line) <= width for line in lines if OVERRIDE not in line)
    assert sum(f"'{OVERRIDE}'" in line for line in lines) == 1
    assert sum("training.epochs=30" in line for line in lines) == 1
    words = " ".join(" ".join(lines).split())
    assert words.startswith("! high bias: the train error is very high the train")
    assert all(line.startswith(("!", " ")) for line in lines)


def test_elsewhere_each_sentence_is_one_line() -> None:
    console = Console(file=(shown := io.StringIO()), width=40, soft_wrap=True)
    print_gravest_findings(TOLD, console)
    assert len(shown.getvalue().splitlines()) == 4


def test_a_baseline_has_nothing_to_diagnose(place: Path) -> None:
    done = diagnose(place, "neighbours", code=2)
    assert "diagnose needs the run of a trained network, and this is knn" in done.stderr


def test_damage_is_named_with_its_file(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "runs", tmp_path / "runs")
    [run] = (tmp_path / "runs").glob("well-*")
    for path in (run / "checkpoints").glob("*.npz"):
        path.write_bytes(b"no archive")
    done = diagnose(tmp_path, "well", code=1)
    assert str(Path("checkpoints") / "last.npz") in done.stderr
    several = diagnose(tmp_path, "runs")
    assert several.stdout.startswith("2 runs, 1 of them without problems")
    assert "last.npz" in several.stderr


def test_a_record_that_cannot_be_read_is_named_beside_the_others(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "runs", tmp_path / "runs")
    [run] = (tmp_path / "runs").glob("well-*")
    (run / "run.json").write_text("{")
    done = diagnose(tmp_path, "runs")
    assert "well" not in done.stdout
    assert done.stderr.count("run.json") == 1


def test_nothing_of_the_name_is_refused(place: Path) -> None:
    assert "there is no run or sweep 'nothing'" in diagnose(place, "nothing", code=2).stderr


def test_training_ends_with_what_was_wrong(place: Path, tmp_path: Path) -> None:
    ended = inside("train", str(place / "same.yaml"), "seed=1", cwd=tmp_path)
    assert "! symmetric units" in ended.stderr
    assert "init=he" in ended.stderr
    well = inside("train", str(place / "well.yaml"), cwd=tmp_path)
    assert "!" not in well.stderr
    quiet = inside("train", str(place / "same.yaml"), "seed=2", "--quiet", cwd=tmp_path)
    assert "symmetric" not in quiet.stderr
    document = json.loads(inside("train", str(place / "same.yaml"), "seed=1", "--json", cwd=tmp_path).stdout)
    assert document["diagnosis"]["findings"][0]["cause"] == "symmetric_units"


def test_a_report_says_what_is_wrong_with_the_best_and_with_what_broke(place: Path, tmp_path: Path) -> None:
    text = DIGITS.format(name="wild", init="he", more="optimizer: {sgd: {lr: 0.1}}")
    (tmp_path / "wild.yaml").write_text(text)
    values = ["optimizer.sgd.lr=1e-1,1e30", "seed=0..1"]
    assert inside("sweep", "wild.yaml", *values, "-j", "1", "-q", cwd=tmp_path).returncode == 3
    shown = inside("report", "wild", cwd=tmp_path).stdout
    assert "diagnosis of the best variant (2 runs)" in shown
    assert "diagnosis of what diverged or failed (2 runs):" in shown
    document = json.loads(inside("report", "wild", "--format", "json", cwd=tmp_path).stdout)
    broken = document["health"][1]["findings"][0]
    assert (broken["cause"], len(broken["runs"])) == ("diverged", 2)
