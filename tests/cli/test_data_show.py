"""nnexp data show"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from nnexp.data.sources.digits import Digits
from nnexp.data.sources.moons import Moons
from nnexp.spec.read import load_spec
from tests.cli.inside import inside, on_a_terminal
from tests.cli.program import program

SPEC = """
name: unfinished
data: {source: digits, split: {train: 1000, dev: 200, test: 97}}
architecture: [{dens: 3}]
"""

TABLE = "width,height,kind\n1.0,5,a\n2.5,,b\n4.0,7,a\n2.5,8,a\n"


def shown(folder: Path, *arguments: str) -> tuple[list[str], dict[str, list[str]]]:
    """The lines that are printed above the tables, and the rows of the tables by their first word."""
    done = inside("data", "show", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines if line.startswith("  ")]
    return [line for line in lines if not line.startswith(" ")], {row[0]: row[1:] for row in cells}


def document(folder: Path, *arguments: str) -> dict[str, object]:
    done = inside("data", "show", *arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_source_is_summed_up(tmp_path: Path) -> None:
    lines, rows = shown(tmp_path, "digits")
    assert lines[:2] == ["digits: 1,797 examples of 64 features, uint8", "targets: 10 classes"]
    assert rows["3"][:2] == ["183", "10.18 %"]
    x = Digits().load().x
    assert rows["x3"] == ["0", f"{x[:, 2].mean():.4f}", "16", f"{x[:, 2].std():.4f}"]
    assert "… 54 more" in rows


def test_overrides_are_those_of_a_spec_without_the_path_to_the_source(tmp_path: Path) -> None:
    words = "cifar_like", "examples=50", "difficulty=0.5", "classes=3"
    lines, _ = shown(tmp_path, *words)
    assert lines[:2] == ["cifar_like: 50 examples of 32 x 32 x 3, uint8", "targets: 3 classes"]
    found = document(tmp_path, *words)
    assert found["source"] == {"cifar_like": {"examples": 50, "classes": 3, "difficulty": 0.5, "seed": 0}}
    assert [entry["examples"] for entry in found["classes"]] == [17, 17, 16]  # type: ignore[attr-defined]


def test_json_has_everything_in_numbers(tmp_path: Path) -> None:
    found = document(tmp_path, "moons", "examples=41", "noise=0.3")
    data = Moons(examples=41, noise=0.3).load()
    assert found["source"] == {"moons": {"examples": 41, "noise": 0.3, "seed": 0}}
    assert (found["examples"], found["shape"], found["dtype"], found["parts"]) == (41, [2], "float64", {})
    assert found["classes"] == [{"name": "0", "examples": 21}, {"name": "1", "examples": 20}]
    assert found["values"] == []
    first = found["inputs"][0]  # type: ignore[index]
    assert (first["name"], first["missing"], first["min"]) == ("x1", 0, data.x[:, 0].min())
    assert first["std"] == pytest.approx(data.x[:, 0].std())


def test_values_have_ranges_too(tmp_path: Path) -> None:
    lines, rows = shown(tmp_path, "friedman", "examples=40")
    assert lines[1] == "targets: 1 value"
    assert len(rows["y"]) == 4
    [value] = document(tmp_path, "friedman", "examples=40")["values"]  # type: ignore[misc]
    assert rows["y"][1] == f"{value['mean']:.4f}"  # type: ignore[has-type]


def test_a_spec_has_its_parts_though_the_rest_of_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    lines, rows = shown(tmp_path, "spec.yaml", "data.split.dev=300")
    assert "parts: train 1,000, dev 300, test 97" in lines
    assert sum(int(rows[str(k)][2]) for k in range(10)) == 1000
    assert sum(int(rows[str(k)][3]) for k in range(10)) == 300
    classes = document(tmp_path, "spec.yaml")["classes"]
    assert sum(entry["test"] for entry in classes) == 97  # type: ignore[attr-defined]


def test_the_fingerprint_is_that_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("data: {source: moons}\narchitecture: [output]\n")
    of_run = load_spec(tmp_path / "spec.yaml").prepare().fingerprint.digest
    assert document(tmp_path, "spec.yaml")["fingerprint"] == of_run == document(tmp_path, "moons")["fingerprint"]


def test_several_tasks_are_named(tmp_path: Path) -> None:
    text = "data: {source: digits, targets: {tasks: {digit: given, copy: inputs}}}\n"
    (tmp_path / "spec.yaml").write_text(text)
    lines, _ = shown(tmp_path, "spec.yaml")
    assert "predicted: the tasks copy, digit" in lines


def test_a_table_of_the_users_own_has_names_and_missing_values(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(TABLE)
    lines, rows = shown(tmp_path, "csv", "path=own.csv", "target=kind", "fill=median")
    assert "missing: 1 of 8 numbers, most in height 1; filled in with the median of the training part" in lines
    assert rows["a"][:2] == ["3", "75.00 %"]
    assert rows["width"] == ["1", "2.5000", "4", "1.0607", "0"]  # √((2.25 + 0 + 2.25 + 0) / 4)
    assert rows["height"] == ["5", "6.6667", "8", "1.2472", "1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mons"], "error: unknown data source 'mons'; did you mean 'moons'?"),
        (["moons", "exampels=3"], "override 1, column 1: moons.exampels: unknown key 'exampels'"),
        (["moons", "examples=-3"], "override 1, column 10: moons.examples: expected a whole number ≥ 1, found -3"),
        (["moons", "examples"], "override 1, column 1: expected key.sub=value"),
        (["moons", "examples=10000000000000"], "error: moons: the data set needs about "),
        (["csv", "target=x"], "error: csv needs path: nnexp data show csv path=..."),
        (["nowhere.yaml"], "error: there is no file nowhere.yaml"),
        (["empty.yaml"], "empty.yaml:1:1: the spec has no section `data:`"),
        (["broken.yaml"], "broken.yaml:1:"),
        (["source.yaml"], "source.yaml:1:16: data.source: unknown data source 'mons'"),
        (["split.yaml"], "split.yaml:1:30: data.split: "),
        (["targets.yaml"], "targets.yaml:1:32: data.targets: "),
        (["moons", "--png", "x.jpg"], "error: --png writes PNG files: x.jpg should end in .png"),
        (["moons", "--png", "no/x.png"], "error: cannot write no/x.png: there is no folder no"),
        (["moons", "--png", "taken.png"], "error: cannot write taken.png: it is a folder"),
        (["digits", "--png", "x.png"], "error: --png draws images, "),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_what_is_written_wrong_ends_with_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "taken.png").mkdir()
    texts = {
        "empty": "",
        "broken": "data: {source: moons",
        "source": "data: {source: mons}",
        "split": "data: {source: moons, split: {train: 400, dev: 90, test: 90}}",
        "targets": "data: {source: moons, targets: {grouped: {groups: [[0], [7]]}}}",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    done = inside("data", "show", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(words)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    "arguments", [["csv", "path=no.csv", "target=kind"], ["cifar10"], ["own.yaml"]], ids=lambda words: words[0]
)
def test_data_that_are_not_there_end_with_6(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "own.yaml").write_text("data: {source: {csv: {path: no.csv, target: kind}}}")
    done = inside("data", "show", *arguments, cwd=tmp_path, NNEXP_DATA="cache")
    assert (done.returncode, done.stdout) == (6, "")
    assert "Traceback" not in done.stderr


def test_nothing_is_written_where_the_system_refuses(tmp_path: Path) -> None:
    done = inside("data", "show", "moons", "--png", "/proc/x.png", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write /proc/x.png: ")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_everything_fits_a_terminal(tmp_path: Path, width: int) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("digits", "{moons: {examples: 1297}}"))
    printed = on_a_terminal(tmp_path, width, "data", "show", "spec.yaml")
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= width
    assert "│" in printed


def test_the_points_of_a_plane_are_drawn_by_class(tmp_path: Path) -> None:
    lines = inside("data", "show", "moons", cwd=tmp_path).stdout.splitlines()
    drawn = "".join(line.partition("│")[2] for line in lines if "│" in line)
    assert set(drawn) == set(" aAbB")
    assert "           a 0  b 1" in lines


def test_values_by_one_feature_are_drawn_by_density(tmp_path: Path) -> None:
    lines = inside("data", "show", "line", "examples=400", cwd=tmp_path).stdout.splitlines()
    drawn = "".join(line.partition("│")[2] for line in lines if "│" in line)
    assert set(drawn) == set(" ·o8@")
    assert any("from few points to many" in line for line in lines)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_pipe_or_no_color_gets_no_colour(tmp_path: Path, environment: dict[str, str]) -> None:
    done = program("data", "show", "moons", cwd=tmp_path, **environment)
    assert "\x1b[3" not in done.stdout


def test_images_are_hinted_at_and_drawn(tmp_path: Path) -> None:
    done = inside("data", "show", "digits", "flat=false", cwd=tmp_path)
    assert "--png FILE draws examples of each class" in done.stderr
    found = document(tmp_path, "digits", "flat=false", "--png", "x.png")
    assert found["png"] == "x.png"
    assert [entry["name"] for entry in found["inputs"]] == ["channel 1"]  # type: ignore[attr-defined]
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert np.isclose(found["inputs"][0]["mean"], Digits().load().x.mean())  # type: ignore[index]
