"""A run that dies, or finds the disk full, at any one of its file operations comes to the same bits all the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import nnexp
from nnexp.errors import RunError
from nnexp.runs import manifest
from nnexp.spec.spec import Spec
from tests.faults.support import (
    KILLED,
    at,
    hooked,
    in_child,
    killed_at,
    metrics,
    only_run,
    operations,
    outcome,
    tiny,
    train,
)

SHARES = 4
"""The operations are dealt to this many tests, so that workers share them."""

SHORT, LONG = ("training.epochs=2",), ()


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "_read_git_state", lambda: None)


def disk_full_from(k: int, spec: Spec, runs: Path) -> None:
    """Train on a disk that is full from the k-th operation on."""

    def refuse() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with hooked(at(k, refuse, ever_after=True)), pytest.raises(RunError, match=r"cannot .*: No space left on device"):
        train(spec, runs)


def check_share(fault: Callable[[int, Spec, Path], None], spec: Spec, share: int, folder: Path) -> None:
    """Suffer the fault at each operation of this share, then run the same call again, and compare."""
    count = len(operations(spec, folder / "undisturbed"))
    expected = outcome(only_run(folder / "undisturbed"))
    assert expected["state"] == "done"
    for k in range(share, count, SHARES):
        fault(k, spec, folder / str(k))
        train(spec, folder / str(k))
        assert outcome(only_run(folder / str(k))) == expected, f"operation {k}"


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_any_operation_a_run_in_float32_comes_to_the_same_bits(share: int, tmp_path: Path) -> None:
    check_share(killed_at, tiny(*SHORT, "training.dtype=float32"), share, tmp_path)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_disk_full_from_any_operation_on_loses_nothing_of_a_run_in_float64(share: int, tmp_path: Path) -> None:
    check_share(disk_full_from, tiny(*SHORT, "training.dtype=float64"), share, tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_run_of_the_long_tests_stops_early(dtype: str, tmp_path: Path) -> None:
    assert train(tiny(*LONG, f"training.dtype={dtype}"), tmp_path).record["ending"] == "stopped_early"


@pytest.mark.slow
@pytest.mark.parametrize("fault", [killed_at, disk_full_from])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", range(SHARES))
def test_any_operation_of_a_run_that_stops_early(
    fault: Callable[[int, Spec, Path], None], dtype: str, share: int, tmp_path: Path
) -> None:
    check_share(fault, tiny(*LONG, f"training.dtype={dtype}"), share, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_any_operation_of_a_run_that_diverges(share: int, tmp_path: Path) -> None:
    spec = tiny("optimizer={sgd: {lr: 1e30}}", "schedule=constant", "training.clip_norm=null")
    operations(spec, tmp_path / "undisturbed")
    expected = outcome_of_diverged(tmp_path / "undisturbed")
    for k in range(share, len(operations(spec, tmp_path / "counted")), SHARES):
        killed_at(k, spec, tmp_path / str(k))
        train(spec, tmp_path / str(k))
        assert outcome_of_diverged(tmp_path / str(k)) == expected, f"operation {k}"


def outcome_of_diverged(runs: Path) -> tuple[object, ...]:
    run = only_run(runs)
    record = manifest.read_manifest(run)
    return record["state"], record["diverged"], metrics(run)


def test_a_run_killed_at_its_last_operation_has_nothing_left_to_do(tmp_path: Path) -> None:
    spec = tiny(*SHORT)
    count = len(operations(spec, tmp_path / "undisturbed"))
    killed_at(count - 1, spec, tmp_path / "killed")
    assert not [what for what, path in operations(spec, tmp_path / "killed") if "checkpoints" in path.parts]


def test_begun_again_with_restart_and_killed_at_any_operation_of_the_clearing(tmp_path: Path) -> None:
    spec = tiny(*SHORT)
    train(spec, tmp_path)
    run, expected = only_run(tmp_path), outcome(only_run(tmp_path))
    cleared = [path for path in run.iterdir() if path.name not in ("lock", "owner")]
    for k in range(len(cleared) + 12):
        killed_while_restarting(k, spec, tmp_path)
        train(spec, tmp_path)
        assert outcome(run) == expected, f"operation {k}"


def killed_while_restarting(k: int, spec: Spec, runs: Path) -> None:
    def work() -> None:
        with hooked(at(k, lambda: os._exit(KILLED))):
            nnexp.train(spec, runs=runs, restart=True, checkpoint_seconds=0)

    assert in_child(work) == KILLED
