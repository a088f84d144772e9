"""Every sweep in configs/sweeps/ is carried out, shortened, by the real session."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nnexp.sweeps import reading
from nnexp.sweeps.definition import Definition
from nnexp.sweeps.session import Options, planned, sweep
from tests.inline import Inline

FOLDER = Path(__file__).parents[2] / "configs" / "sweeps"
SWEEPS = sorted(FOLDER.glob("*.yaml"))

EPOCHS = 3
"""What is left of the training, where there are not as many snapshots or rungs; some warm up for two."""


def shortened(path: Path) -> Definition:
    """The sweep with one seed and few epochs."""
    common = reading.from_file(path).common
    rungs = common.pruning.successive_halving.rungs if common.pruning else ()
    snapshots = (common.ensemble.snapshots or 0) if common.ensemble else 0
    return reading.from_file(path, [f"training.epochs={max(EPOCHS, snapshots, *rungs)}", "seed=0"])


def test_there_are_sweeps() -> None:
    assert {"members", "bagging", "snapshots", "k_fold"} <= {path.stem for path in SWEEPS}


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_file_begins_with_what_it_is_for(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_plan_as_it_stands_is_sound(path: Path, tmp_path: Path) -> None:
    definition = reading.from_file(path)
    found = planned(definition, tmp_path)
    assert len(found.board.runs) + found.same == definition.size or definition.exclude
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_sweep_is_carried_out(path: Path, tmp_path: Path) -> None:
    definition = shortened(path)
    found = sweep(definition, tmp_path, Options(Inline))
    assert found.complete
    assert {found.board.state(run.run) for run in found.board.runs} <= {"done", "pruned"}
    assert found.board.best()
    assert len(found.ensembles) == (1 if definition.common.ensemble else 0)
    assert all(entry.state == "done" for entry in found.ensembles)
    with (found.path / "sweep.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found.board.runs) + len(found.ensembles)
