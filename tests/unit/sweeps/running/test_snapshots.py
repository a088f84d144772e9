"""Snapshots: when they are taken, of which weights, and that taking them changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import RunError
from nnexp.execution.stack_of_runs import train_runs
from nnexp.runs import manifest
from nnexp.runs.snapshots import snapshot_path
from nnexp.spec.read import load_spec
from nnexp.spec.spec import Spec
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs
from tests.faults.support import KILLED, at, hooked, in_child, metrics
from tests.inline import Inline, Never, carried_out, written

BASE = """
name: moons
data:
  source: {moons: {examples: 53, noise: 0.2}}
  split: {train: 23, dev: 13, test: 11}
  augment: [noise: 0.1]
architecture: [{dense: {units: 7}}, batch_norm, activation, {dropout: {rate: 0.2}}, output]
schedule: {cosine: {cycles: 2, warmup_epochs: 1}}
training: {epochs: 6, batch_size: 13}
"""
"""Two cycles of two epochs and a half after one of warm-up: their last whole epochs are the third and the sixth."""

EPOCHS = (3, 6)

TEXT = "ensemble: {snapshots: 2}\n"


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "_read_git_state", lambda: None)


@pytest.mark.parametrize(
    ("epochs", "warmup", "count", "expected"),
    [
        (20, 0, 5, (4, 8, 12, 16, 20)),
        (40, 2, 2, (21, 40)),
        (7, 0, 3, (2, 4, 7)),  # 7/3 = 2.33, 14/3 = 4.67
        (10, 0.5, 3, (3, 6, 10)),  # 0.5 + 9.5/3 = 3.67, 0.5 + 19/3 = 6.83
        (3, 0, 3, (1, 2, 3)),
        (6, 1, 2, EPOCHS),
    ],
)
def test_snapshots_by_hand(epochs: int, warmup: float, count: int, expected: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    overrides = [f"training.epochs={epochs}", f"schedule={{cosine: {{cycles: {count}, warmup_epochs: {warmup}}}}}"]
    spec = load_spec(tmp_path / "base.yaml", overrides)
    assert isinstance(spec, Spec)
    assert compute_snapshot_epochs(spec, count) == expected


@pytest.mark.parametrize(("epochs", "warmup", "count"), [(20, 0, 5), (23, 0, 5), (40, 2, 3), (9, 1, 8), (50, 1.5, 7)])
def test_the_rate_falls_until_a_snapshot_and_begins_again_within_an_epoch(
    epochs: int, warmup: float, count: int, tmp_path: Path
) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    overrides = [f"training.epochs={epochs}", f"schedule={{cosine: {{cycles: {count}, warmup_epochs: {warmup}}}}}"]
    spec = load_spec(tmp_path / "base.yaml", overrides)
    assert isinstance(spec, Spec)
    steps = 100
    factors = np.concatenate([spec.schedule.compute_factors(epoch, steps, epochs)[0] for epoch in range(epochs)])
    tops = [step for step in range(1, len(factors) - 1) if factors[step - 1] < factors[step] > factors[step + 1]]
    restarts = [top for top in tops if top > (warmup + 0.5) * steps]
    assert len(restarts) == count - 1
    for epoch, top in zip(compute_snapshot_epochs(spec, count), restarts, strict=False):
        assert epoch * steps <= top < (epoch + 1) * steps


def weights(path: Path) -> tuple[bytes, bytes]:
    with np.load(path) as archive:
        return archive["theta"].tobytes(), archive["buffers"].tobytes()


def outcome(run: Path) -> object:
    return metrics(run), weights(run / "checkpoints" / "last.npz"), [weights(snapshot_path(run, e)) for e in EPOCHS]


def only_run(runs: Path) -> Path:
    [run] = [path for path in runs.glob("moons-*") if "ensemble" not in path.name]
    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep with snapshots; it must not be changed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    carried_out(written(folder, BASE, TEXT))
    return folder


def test_a_run_with_snapshots_is_the_run_that_train_makes(undisturbed: Path, tmp_path: Path) -> None:
    run = only_run(undisturbed / "runs")
    alone = nnexp.train(load_spec(undisturbed / "base.yaml"), runs=tmp_path).path
    assert alone.name == run.name
    assert metrics(alone) == metrics(run)
    assert weights(alone / "checkpoints" / "last.npz") == weights(run / "checkpoints" / "last.npz")
    assert nnexp.Run(alone).final == nnexp.Run(run).final


def test_a_snapshot_has_the_weights_of_its_epoch_and_the_last_those_of_the_run(
    undisturbed: Path, tmp_path: Path
) -> None:
    run, spec = only_run(undisturbed / "runs"), load_spec(undisturbed / "base.yaml")
    assert isinstance(spec, Spec)
    train_runs(
        {"paused": spec},
        tmp_path,
        stop=Never(),
        watch=lambda event: None,
        prepare=Spec.prepare,
        checkpoint_seconds=5,
        until=3,
    )
    assert len(metrics(tmp_path / "paused")) == 3
    assert weights(snapshot_path(run, 3)) == weights(tmp_path / "paused" / "checkpoints" / "last.npz")
    assert weights(snapshot_path(run, 6)) == weights(run / "checkpoints" / "last.npz")
    assert weights(snapshot_path(run, 3)) != weights(snapshot_path(run, 6))


def check_killed(operations: Iterable[int], undisturbed: Path, folder: Path) -> int:
    """Kill the sweep at each of these file operations, carry it out again, and compare; gives how many there were."""
    expected, count = outcome(only_run(undisturbed / "runs")), 0
    for k in operations:
        (folder / str(k)).mkdir()
        file = written(folder / str(k), BASE, TEXT)

        def work(k: int = k, file: Path = file) -> None:
            with hooked(at(k, lambda: os._exit(KILLED))):
                carried_out(file)

        if in_child(work) != KILLED:
            break
        found = carried_out(file)
        assert outcome(only_run(folder / str(k) / "runs")) == expected, f"operation {k}"
        assert found.ensembles[0].state == "done"
        count += 1
    return count


def snapshot_operations(folder: Path) -> list[int]:
    """The file operations around the snapshots: those that write them, and those before and after."""
    made: list[str] = []
    with hooked(lambda what, path: made.append(path.name)):
        carried_out(written(folder, BASE, TEXT))
    where = [index for index, name in enumerate(made) if name.startswith("snapshot-")]
    assert len({made[index] for index in where}) == len(EPOCHS)
    return sorted({near for index in where for near in (index - 1, index, index + 1)})


def test_killed_around_a_snapshot_a_run_comes_to_the_same_snapshots(undisturbed: Path, tmp_path: Path) -> None:
    operations = snapshot_operations(tmp_path)
    assert check_killed(operations, undisturbed, tmp_path) == len(operations)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(4))
def test_killed_at_any_operation_a_run_comes_to_the_same_snapshots(
    share: int, undisturbed: Path, tmp_path: Path
) -> None:
    assert check_killed(range(share, 10_000, 4), undisturbed, tmp_path) > 50


@pytest.mark.parametrize("halfway", [False, True])
def test_a_run_that_was_trained_without_snapshots_is_trained_again_to_the_same_bits(
    halfway: bool, undisturbed: Path, tmp_path: Path
) -> None:
    file, spec = written(tmp_path, BASE, TEXT), load_spec(undisturbed / "base.yaml")
    if halfway:

        def stop(event: object) -> None:
            if type(event).__name__ == "EpochDone" and getattr(event, "rows")[0]["epoch"] == 5:  # noqa: B009
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            nnexp.train(spec, runs=tmp_path / "runs", watch=stop, checkpoint_seconds=0)
    else:
        nnexp.train(spec, runs=tmp_path / "runs")
    carried_out(file)
    run = only_run(tmp_path / "runs")
    assert outcome(run) == outcome(only_run(undisturbed / "runs"))
    assert '"begun_again"' in (run / "events.jsonl").read_text()


def test_a_snapshot_that_is_gone_is_said_by_the_ensemble(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    [ensemble] = (tmp_path / "runs").glob("*_ensemble-*")
    snapshot_path(only_run(tmp_path / "runs"), 3).unlink()
    with pytest.raises(RunError, match=r"snapshot-3.npz cannot be read: No such file"):
        nnexp.Run(ensemble).predictor  # noqa: B018 - the access is the test


def test_several_runs_in_one_stack_keep_the_snapshots_that_they_keep_alone(undisturbed: Path, tmp_path: Path) -> None:
    executor = Inline()
    carried_out(written(tmp_path, BASE, TEXT), "seed=0,1,2", executor=executor)
    assert max(len(task.specs) for task in executor.done) == 3
    run = only_run(undisturbed / "runs")
    assert outcome(tmp_path / "runs" / run.name) == outcome(run)
