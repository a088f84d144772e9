"""nnexp report, on small sweeps that were really trained."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.inside import Done, inside

TINY = """\
name: tiny
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 30, dev: 15, test: 15}}
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 4, batch_size: 13}
"""

NEIGHBOURS = """\
name: neighbours
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 30, dev: 15, test: 15}}
baseline: {knn: {k: 3}}
"""

SINE = """\
name: wave
data: {source: {sine: {examples: 40}}, split: {train: 20, dev: 10, test: 10}}
architecture: [{dense: {units: 3}}, activation, output]
activation: tanh
training: {epochs: 2, batch_size: 10}
"""

HALVING = """\
base: tiny.yaml
name: halving
seeds: 2
grid: {optimizer.adam.lr: [1e-4, 1e-2, 1e-1]}
pruning: {successive_halving: {rungs: [1], keep: 0.33}}
objective: {minimize: dev_loss}
"""

MEMBERS = """\
base: tiny.yaml
name: members
set: {training.epochs: 3}
seeds: 2
ensemble: {members: 2}
"""

NAMED = """\
base: tiny.yaml
name: named
set: {training.epochs: 2}
variants:
  wide net: {architecture: {mlp: {hidden: [9, 9]}}}
  "<script>alert(1)</script>": {architecture: {mlp: {hidden: [3]}}}
"""

DIVERGING = ("tiny.yaml", "optimizer=sgd: {lr: 1e30},sgd: {lr: 0.1}", "activation=relu", "seed=0..1")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sweeps, a baseline and a run on other data, each in a folder of runs of its own."""
    folder = tmp_path_factory.mktemp("reports")
    texts = {"tiny": TINY, "knn": NEIGHBOURS, "sine": SINE, "halving": HALVING, "members": MEMBERS, "named": NAMED}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    made(folder, "sweep", "tiny.yaml", "optimizer.adam.lr=1e-3,1e-2,1e-1", "seed=0..2", "-j", "1", "--runs", "grid")
    made(folder, "train", "knn.yaml", "--runs", "grid")
    made(folder, "sweep", "halving.yaml", "-j", "1", "--runs", "pruned")
    made(folder, "sweep", "members.yaml", "-j", "1", "--runs", "averaged")
    made(folder, "sweep", "named.yaml", "-j", "1", "--runs", "variants")
    made(folder, "sweep", *DIVERGING, "-j", "1", "--runs", "wild", code=3)
    shutil.copytree(folder / "grid", folder / "mixed")
    made(folder, "train", "sine.yaml", "--runs", "mixed")
    return folder


def made(folder: Path, *arguments: str, code: int = 0) -> None:
    done = inside(*arguments, "-q", cwd=folder)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)


def report(place: Path, *arguments: str, code: int = 0, runs: str = "grid") -> Done:
    done = inside("report", *arguments, "--runs", runs, cwd=place)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def rows(place: Path, *arguments: str, runs: str = "grid") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report(place, *arguments, "--format", "csv", runs=runs).stdout)))


def test_a_sweep_is_a_row_a_variant_with_the_headers_of_nnexp_sweep(place: Path) -> None:
    lines = inside("report", "tiny", "--runs", "grid", cwd=place).stdout.splitlines()
    [head] = [line for line in lines if "dev_accuracy" in line and "lr" in line]
    assert head.split() == ["lr", "n", "dev_accuracy", "test_accuracy", "epoch", "time", "state"]
    values = [float(line.split()[2]) for line in lines if line.split()[:1] in (["0.001"], ["0.01"], ["0.1"])]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)


def test_the_means_are_those_of_the_runs(place: Path) -> None:
    [path] = (place / "grid" / "sweeps").glob("tiny-*/sweep.csv")
    with path.open(newline="") as file:
        runs = list(csv.DictReader(file))
    for row in rows(place, "tiny"):
        found = [float(run["dev_accuracy"]) for run in runs if float(run["optimizer.adam.lr"]) == float(row["lr"])]
        assert len(found) == int(row["dev_accuracy_n"]) == 3
        assert float(row["dev_accuracy"]) == pytest.approx(sum(found) / 3)


def test_names_paths_and_folders_mean_the_same(place: Path) -> None:
    [sweep] = (place / "grid" / "sweeps").iterdir()
    by_name, by_folder = report(place, "tiny"), report(place, str(sweep))
    assert by_name.stdout == by_folder.stdout == report(place, sweep.name).stdout
    folder = report(place, "grid", "--filter", 'name == "tiny"')
    assert folder.stdout.splitlines()[:7] == by_name.stdout.splitlines()[:7]


def test_verdicts_stand_below_the_table(place: Path) -> None:
    lines = report(place, "tiny").stdout.splitlines()
    below = lines[next(at for at, line in enumerate(lines) if "paired by seed" in line) :][:3]
    assert below[0] == (
        "Best variant against each other one by dev_accuracy (paired by seed, p-values Holm-corrected for all 3 pairs):"
    )
    assert all("3 seeds" in line for line in below[1:])


def test_a_baseline_stands_in_the_same_table(place: Path) -> None:
    found = rows(place, "grid")
    assert sorted(row["kind"] for row in found) == ["knn", "network", "network", "network"]
    [knn] = [row for row in found if row["kind"] == "knn"]
    assert (knn["dev_accuracy_n"], knn["dev_accuracy_low"], knn["lr"]) == ("1", "", "")
    below = report(place, "grid", "--baseline", "neighbours").stdout
    assert (
        "neighbours against each other one by dev_accuracy (paired by seed, p-values Holm-corrected for all 3 pairs):"
        in below
    )


def test_ensembles_stand_in_the_same_table_and_are_paired_with_their_members(place: Path) -> None:
    document = json.loads(report(place, "members", "--format", "json", runs="averaged").stdout)
    assert {variant["kind"]: len(variant["runs"]) for variant in document["variants"]} == {
        "network": 4,
        "ensemble of 2": 2,
    }
    assert document["comparisons"][0]["n"] == 2
    by_folder = json.loads(report(place, "averaged", "--json", runs="averaged").stdout)
    assert by_folder["comparisons"][0]["difference"] == pytest.approx(document["comparisons"][0]["difference"])


def test_divergence_is_shown_and_not_dropped(place: Path) -> None:
    found = rows(place, "tiny", runs="wild")
    assert {row["lr"]: row["state"] for row in found} == {"1e+30": "diverged", "0.1": "done"}
    assert found[-1]["dev_accuracy"] == ""
    text = report(place, "wild", runs="wild").stdout
    assert "diverged" in text
    assert "in which both have a value; 2 more seeds without a value" in text


def test_pruned_runs_are_shown_and_the_sweeps_objective_ranks(place: Path) -> None:
    text = report(place, "halving", runs="pruned").stdout
    assert "dev_loss" in text
    states = {row["lr"]: row["state"] for row in rows(place, "halving", runs="pruned")}
    assert sorted(states.values()) == ["done", "pruned", "pruned"]


def test_named_variants_have_their_names_and_markup_is_text(place: Path) -> None:
    text = report(place, "named", runs="variants").stdout
    assert "wide net" in text
    assert "<script>alert(1)</script>" in text
    assert r"\<script\>" in report(place, "named", "--format", "markdown", runs="variants").stdout


def test_rows_can_be_filtered_and_sorted(place: Path) -> None:
    found = rows(place, "tiny", "--filter", "optimizer == 'adam' and lr >= 1e-2", "--sort", "lr")
    assert [row["lr"] for row in found] == ["0.01", "0.1"]


def test_another_metric_ranks(place: Path) -> None:
    losses = [float(row["dev_loss"]) for row in rows(place, "tiny", "--metric", "dev_loss")]
    assert losses == sorted(losses)


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "latex", "json"])
def test_every_form_can_go_to_a_file(form: str, place: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.out"
    done = report(place, "tiny", "--format", form, "-o", str(file))
    assert done.stdout == ""
    assert f"wrote {file}" in done.stderr
    shown = report(place, "tiny", "--format", form).stdout
    if form == "table":
        assert "Best variant against each other one" in file.read_text()
    else:
        assert file.read_text() == shown


def test_one_run_is_a_report_too(place: Path) -> None:
    run = next(path for path in (place / "grid").glob("tiny-*"))
    [row] = rows(place, run.name)
    assert (row["name"], row["dev_accuracy_n"], row["dev_accuracy_low"]) == ("tiny", "1", "")


def test_runs_that_were_planned_and_never_began_are_waiting(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "grid", tmp_path / "grid")
    for path in sorted((tmp_path / "grid").glob("tiny-*"))[:2]:
        shutil.rmtree(path)
    document = json.loads(report(tmp_path, "tiny", "--json").stdout)
    assert sum(variant["states"].get("waiting", 0) for variant in document["variants"]) == 2


def test_a_damaged_run_is_said_and_the_others_are_reported(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "grid", tmp_path / "grid")
    first, second, *_ = sorted((tmp_path / "grid").glob("tiny-*"))
    (first / "run.json").write_text('{"name": "tiny",\n"state": done}')
    with (second / "metrics.csv").open("a") as file:
        file.write("5,0.1\n")
    for name in ("tiny", "grid"):
        done = report(tmp_path, name)
        assert f"{first.name}/run.json is damaged: Expecting value: line 2 column 10" in done.stderr
        assert f"{second.name}/metrics.csv: line 6 is damaged" in done.stderr
        assert done.stdout.count("±") >= 4
    assert "damaged" in report(tmp_path, "tiny").stdout


def test_mixed_runs_are_reported_when_asked(place: Path) -> None:
    refused = report(place, "mixed", code=2)
    assert "the data: moons" in refused.stderr
    assert "sine" in refused.stderr
    assert "have no dev_accuracy" in refused.stderr or "has no dev_accuracy" in refused.stderr
    done = report(place, "mixed", "--mixed")
    assert "mixed: the runs differ in the data" in done.stdout
    assert "wave" in done.stdout


WRONG = [
    (["nothing"], "there is no run or sweep 'nothing'"),
    (["named.yaml"], "there is no run or sweep 'named.yaml'"),
    (["empty"], "holds no runs"),
    (["tiny", "--metric", "dev_acuracy"], "did you mean 'dev_accuracy'"),
    (["tiny", "--sort", "colour"], "--sort: there is no column 'colour'"),
    (["tiny", "--filter", "lr >"], "--filter: invalid syntax\n  lr >\n      ^"),
    (["tiny", "--filter", "__import__('os')"], "--filter: expected a comparison"),
    (["tiny", "--filter", "learning_rate > 1"], "there is no 'learning_rate'"),
    (["tiny", "--filter", "lr > 5"], "no variant meets the condition"),
    (["tiny", "--filter", "optimizer > 5"], "have no order"),
    (["tiny", "--baseline", "linear"], "--baseline: there is no variant 'linear'"),
    (["grid", "--baseline", "network"], "--baseline: 'network' could be"),
    (["tiny", "--format", "html"], "'html' is not one of"),
    (["mixed"], "--mixed"),
    ([], "Missing argument"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_wrong_is_said_and_nothing_else_happens(arguments: list[str], message: str, place: Path) -> None:
    (place / "empty").mkdir(exist_ok=True)
    done = inside("report", *arguments, "--runs", "grid", cwd=place)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_cannot_be_written_is_said(place: Path) -> None:
    done = report(place, "tiny", "-o", "missing/report.csv", code=1)
    assert "cannot write missing/report.csv" in done.stderr
