"""Every run of a sweep has the bits of `nnexp train` of its resolved spec, whatever it was trained beside."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnexp
from nnexp.spec.read import load_spec
from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.executors.local import LocalExecutor
from nnexp.sweeps.running import sweep
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.sweep import SweepState
from tests.faults.support import outcome

BASE = """\
name: tiny
data:
  source: {moons: {examples: 53, noise: 0.2}}
  split: {test: 11, seed: 4}
  augment: [noise: 0.1, mixup: 0.3]
architecture: [{dense: {units: 7}}, batch_norm, activation, {dropout: {rate: 0.2}}, {dense: {units: 5}}, output]
regularization: {l2: 1e-3}
optimizer: {adam: {lr: 5e-2}}
schedule: {cosine: {warmup_epochs: 1}}
training: {epochs: 9, batch_size: 13, early_stopping: {patience: 2}, clip_norm: 1.0}
"""

SWEEP = """\
base: tiny.yaml
folds: 2
seeds: [5, 0]
variants:
  plain: {}
  fast: {optimizer.adam.lr: 0.5, architecture.3.dropout.rate: 0.4, regularization.l2: 0}
  diverging: {optimizer: {adam: {lr: 1e38}}, training.clip_norm: 1e38}
  noisy: {data.augment.0.noise: 0.5, schedule.cosine.warmup_epochs: 0, data.source.moons.noise: 0.5}
  other: {optimizer: {momentum: {lr: 1e-2}}, activation: tanh}
  larger: {training.batch_size: 16}
"""

WAYS = {
    "one worker, all together": (1, None),
    "two workers, all together": (2, None),
    "two workers, stacks of three": (2, 3),
    "three workers, each alone": (3, 1),
}


def swept(folder: Path, jobs: int, most: int | None) -> SweepState:
    (folder / "tiny.yaml").write_text(BASE)
    (folder / "study.yaml").write_text(SWEEP)
    definition = sweep_file.read_definition(folder / "study.yaml")
    return sweep.run_sweep(definition, folder / "runs", SweepOptions(lambda: LocalExecutor(jobs), most))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What each run of the sweep comes to by itself, from the overrides that the plan says it is made by."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "tiny.yaml").write_text(BASE)
    (folder / "study.yaml").write_text(SWEEP)
    plan = sweep.plan_sweep(sweep_file.read_definition(folder / "study.yaml"), folder / "runs").progress.runs
    found = {}
    for planned in plan:
        spec = load_spec(folder / "tiny.yaml", planned.overrides)
        assert isinstance(spec, nnexp.Spec)
        run = nnexp.train(spec, runs=folder / "runs")
        assert run.path.name == planned.run
        found[planned.run] = outcome(run.path)
    return found


def test_the_sweep_has_all_that_the_law_is_about(alone: dict[str, dict[str, object]]) -> None:
    """Several stacks, runs that diverge, and runs that stop early at different epochs."""
    assert len(alone) == 6 * 2 * 2
    assert [run["state"] for run in alone.values()].count("diverged") == 4
    stopped = {run["epochs"] for run in alone.values() if run["ending"] == "stopped_early"}
    assert len(stopped) >= 3
    assert len({str(run["data"]) for run in alone.values()}) == 2  # noisy has data of its own


@pytest.mark.parametrize(("jobs", "most"), WAYS.values(), ids=WAYS.keys())
def test_a_run_of_a_sweep_is_the_run_alone(
    jobs: int, most: int | None, alone: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    found = swept(tmp_path, jobs, most)
    assert found.is_complete
    assert {run.run: outcome(tmp_path / "runs" / run.run) for run in found.progress.runs} == alone
