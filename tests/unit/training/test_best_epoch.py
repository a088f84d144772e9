"""One rule for the best epoch: what training kept, what the record says, and what a report shows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnexp
from nnexp.reports.read import read_row
from nnexp.storage.archive import load_archive
from nnexp.training.best_epoch import find_best_epoch

SPEC = """
name: creep
data: {source: {moons: {examples: 120, noise: 0.3}}, split: {train: 0.5, dev: 0.4, test: 0.1}}
architecture: {mlp: {hidden: [8]}}
optimizer: {sgd: {lr: 0.05}}
training:
  epochs: 12
  early_stopping: {patience: 12, min_delta: MIN_DELTA, restore_best: RESTORE}
"""


@pytest.mark.parametrize("restore", ["true", "false"])
@pytest.mark.parametrize("min_delta", [0.0, 0.02, 0.3])
def test_report_record_and_checkpoint_name_the_same_best_epoch(min_delta: float, restore: str, tmp_path: Path) -> None:
    path = tmp_path / "creep.yaml"
    path.write_text(SPEC.replace("MIN_DELTA", str(min_delta)).replace("RESTORE", restore))
    run = nnexp.train(nnexp.load(path), runs=tmp_path / "runs")
    losses = run.metrics["dev_loss"].tolist()
    best = find_best_epoch("dev_loss", losses, min_delta)
    [state, _] = load_archive(run.path / "checkpoints" / "last.npz", run.record["spec"])
    assert int(state["best_epoch"][0]) == best
    assert read_row(run.path, []).best_epoch == best
    if restore == "true":
        assert run.record["weights"]["epoch"] == best
        assert best is not None
        assert run.evaluate("dev")["loss"] == pytest.approx(losses[best - 1])


def test_a_slow_creep_never_makes_a_best_epoch() -> None:
    losses = [1.0, 0.95, 0.9, 0.85]
    assert find_best_epoch("dev_loss", losses) == 4
    assert find_best_epoch("dev_loss", losses, 0.12) == 4  # 0.85 is 0.15 below the first
    assert find_best_epoch("dev_loss", losses, 0.2) == 1


def test_of_equal_values_the_first_is_the_best_and_of_none_nothing() -> None:
    assert find_best_epoch("dev_accuracy", [0.5, 0.9, 0.9]) == 2
    assert find_best_epoch("dev_loss", [math.nan, math.nan]) is None
    assert find_best_epoch("dev_loss", []) is None


@given(st.lists(st.floats(0, 1) | st.just(math.nan), min_size=1))
def test_without_a_threshold_it_is_the_first_of_the_best_values(values: list[float]) -> None:
    known = [value for value in values if not math.isnan(value)]
    expected = values.index(max(known)) + 1 if known else None
    assert find_best_epoch("dev_accuracy", values) == expected
