"""Every sweep in configs/sweeps/ is carried out, shortened, by the real session."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.sweep import plan_sweep, run_sweep
from tests.inline import Inline

FOLDER = Path(__file__).parents[2] / "configs" / "sweeps"
SWEEPS = sorted(FOLDER.glob("*.yaml"))

EPOCHS = 3
"""What is left of the training, where there are not as many snapshots or rungs; some warm up for two."""


def shortened(path: Path) -> SweepDefinition:
    """The sweep with one seed and few epochs."""
    common = sweep_file.read_definition(path).settings
    rungs = common.pruning.successive_halving.rungs if common.pruning else ()
    snapshots = (common.ensemble.snapshots or 0) if common.ensemble else 0
    return sweep_file.read_definition(path, [f"training.epochs={max(EPOCHS, snapshots, *rungs)}", "seed=0"])


def test_there_are_sweeps() -> None:
    assert {"members", "bagging", "snapshots", "k_fold"} <= {path.stem for path in SWEEPS}


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_file_begins_with_what_it_is_for(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_plan_as_it_stands_is_sound(path: Path, tmp_path: Path) -> None:
    definition = sweep_file.read_definition(path)
    found = plan_sweep(definition, tmp_path)
    assert len(found.progress.runs) + found.duplicate_count == definition.run_count or definition.exclude
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_sweep_is_carried_out(path: Path, tmp_path: Path) -> None:
    definition = shortened(path)
    found = run_sweep(definition, tmp_path, SweepOptions(Inline))
    assert found.is_complete
    assert {found.progress.find_state(run.run) for run in found.progress.runs} <= {"done", "pruned"}
    assert found.progress.find_best_run()
    assert len(found.ensembles) == (1 if definition.settings.ensemble else 0)
    assert all(entry.state == "done" for entry in found.ensembles)
    with (found.path / "sweep.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found.progress.runs) + len(found.ensembles)
