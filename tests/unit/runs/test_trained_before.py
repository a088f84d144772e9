"""Dev and test examples that the weights of a run were trained on: named before it is trained, and in its record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec
from nnexp.training.events import Notice

CONFIGS = Path(__file__).parents[3] / "configs"

MOONS = """
data: {source: {moons: {examples: 83}}, split: {train: 41, dev: 23, test: 19}}
architecture: [dense: 3, output]
training: {epochs: 1, batch_size: 16}
"""


def make_spec(name: str, *overrides: str, text: str = MOONS) -> Spec:
    return load_network_spec(SpecText("spec.yaml", text), overrides, name=name)


def train(spec: Spec, runs: Path) -> tuple[nnexp.Run, list[str]]:
    """The run, and what was said before it was trained."""
    said: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    return nnexp.train(spec, runs=runs, watch=listen), said


def begin_with(run: nnexp.Run) -> str:
    return f"init={{from_run: {run.path}}}"


def rows_of(spec: Spec, part: str) -> set[int]:
    rows = spec.data.split.choose_rows(spec.data.source.load())
    return set(rows[part].tolist())  # type: ignore[index]


def test_weights_that_are_drawn_have_seen_nothing_and_the_record_has_no_such_entry(tmp_path: Path) -> None:
    run, said = train(make_spec("a"), tmp_path)
    assert "trained_before" not in run.record
    assert not said


def test_the_same_split_shares_nothing(tmp_path: Path) -> None:
    first, _ = train(make_spec("a"), tmp_path)
    run, said = train(make_spec("b", begin_with(first), "seed=7"), tmp_path)
    assert run.record["trained_before"] == {"dev": 0, "test": 0, "unknown": []}
    assert not said


def test_another_split_of_the_same_data_is_named_with_the_counts_and_overrides_that_mend_it(tmp_path: Path) -> None:
    spec = make_spec("a")
    first, _ = train(spec, tmp_path)
    overrides = [begin_with(first), "data.split.seed=5", "data.split.test=13"]
    other = make_spec("b", *overrides)
    dev, test = (len(rows_of(spec, "train") & rows_of(other, part)) for part in ("dev", "test"))
    assert dev > 0
    assert test > 0
    run, [said] = train(other, tmp_path)
    assert run.record["trained_before"] == {"dev": dev, "test": test, "unknown": []}
    assert f"were trained on {dev} of 23 dev examples and {test} of 13 test examples of this run" in said
    assert said.endswith("; data.split.test=19 data.split.seed=0 makes it none")
    remedy = ["data.split.test=19", "data.split.seed=0"]
    mended, nothing = train(make_spec("c", begin_with(first), *remedy), tmp_path)
    assert not nothing
    assert mended.record["trained_before"] == {"dev": 0, "test": 0, "unknown": []}


def test_the_run_that_an_earlier_run_began_with_counts_too(tmp_path: Path) -> None:
    spec, moved = make_spec("a"), "data.split.seed=5"
    first, _ = train(spec, tmp_path)
    second, _ = train(make_spec("b", begin_with(first), moved), tmp_path)
    run, [said] = train(make_spec("c", begin_with(second), moved), tmp_path)
    seen = len(rows_of(spec, "train") & rows_of(make_spec("b", moved), "test"))
    assert run.record["trained_before"]["test"] == seen > 0
    assert f"the weights of {second.path} were trained on" in said


def test_examples_count_once_however_often_they_were_drawn(tmp_path: Path) -> None:
    resampled = make_spec("a", "data.split.bootstrap=3")
    first, _ = train(resampled, tmp_path)
    other = make_spec("b", begin_with(first), "data.split.seed=5")
    run, _ = train(other, tmp_path)
    assert run.record["trained_before"]["test"] == len(rows_of(resampled, "train") & rows_of(other, "test"))


TABLE = """
data: {source: {csv: {path: PATH, target: kind}}, split: {train: 31, dev: 11, test: 11}}
architecture: [dense: 3, output]
training: {epochs: 1, batch_size: 16}
"""


def write_table(path: Path, rows: int) -> str:
    numbers = np.random.default_rng(3).standard_normal((rows, 2)).round(6)
    lines = [f"{x},{y},{'ab'[row % 2]}" for row, (x, y) in enumerate(numbers.tolist())]
    path.write_text("\n".join(["x,y,kind", *lines]) + "\n")
    return TABLE.replace("PATH", str(path))


def test_examples_of_another_file_are_found_by_their_numbers(tmp_path: Path) -> None:
    small = make_spec("a", text=write_table(tmp_path / "small.csv", 53))
    first, _ = train(small, tmp_path)
    large = make_spec("b", begin_with(first), "data.split.test=29", text=write_table(tmp_path / "large.csv", 83))
    run, _ = train(large, tmp_path)
    # The first 53 rows of both files are the same.
    seen = len(rows_of(small, "train") & rows_of(large, "test"))
    assert run.record["trained_before"]["test"] == seen > 0


@pytest.mark.parametrize("features", [2, 5])
def test_other_data_share_nothing(features: int, tmp_path: Path) -> None:
    first, _ = train(make_spec("a", text=write_table(tmp_path / "small.csv", 53)), tmp_path)
    blobs = f"data={{source: {{blobs: {{examples: 83, features: {features}, classes: 2}}}}, split: {{dev: 23}}}}"
    origin = f"init={{from_run: {{run: {first.path}, layers: [output]}}}}"
    run, said = train(make_spec("b", origin, blobs), tmp_path)
    assert run.record["trained_before"] == {"dev": 0, "test": 0, "unknown": []}
    assert not said


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    first, _ = train(make_spec("a", text=write_table(tmp_path / "table.csv", 53)), tmp_path)
    extended = make_spec("b", begin_with(first), text=write_table(tmp_path / "table.csv", 61))
    run, [said] = train(extended, tmp_path)
    assert "which is not known: the data of" in said
    assert "changed since it was trained" in said
    assert run.record["trained_before"]["unknown"] == [f"the data of {first.path} changed since it was trained"]


def test_the_config_of_a_transfer_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nnexp.train(nnexp.load(CONFIGS / "autoencoder.yaml", ["training.epochs=2"]))
    run = nnexp.train(nnexp.load(CONFIGS / "transfer_digits.yaml", ["training.epochs=1"]))
    assert run.record["trained_before"] == {"dev": 0, "test": 0, "unknown": []}
    old = ["training.epochs=1", "data.split.dev=400", "data.split.test=400"]
    run = nnexp.train(nnexp.load(CONFIGS / "transfer_digits.yaml", old))
    assert run.record["trained_before"]["test"] == 319
