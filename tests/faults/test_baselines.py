"""A baseline's run that dies, or finds the disk full, at any one of its file operations is simply fitted again."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

import nnexp
from nnexp.errors import RunError
from nnexp.runs import manifest
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from tests.faults.support import KILLED, at, hooked, in_child, metrics, only_run

TEXT = "data: {source: {moons: {examples: 53}}, split: {train: 23, dev: 13, test: 11}}\nbaseline: {knn: 3}\n"


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "_read_git_state", lambda: None)


def spec() -> BaselineSpec:
    found = load_spec(SpecText("near.yaml", TEXT), name="near")
    assert isinstance(found, BaselineSpec)
    return found


def comes_to(run: Path) -> dict[str, Any]:
    """All that a baseline's run comes to but times."""
    record = json.loads((run / "run.json").read_bytes())
    timed = ("began", "ended", "seconds", "command", "machine")
    found: dict[str, Any] = {key: value for key, value in record.items() if key not in timed}
    found["metrics"] = metrics(run)
    found["files"] = sorted(str(path.relative_to(run)) for path in run.rglob("*"))
    found["fitted"] = (run / "checkpoints" / "last.npz").read_bytes()
    return found


def count_operations(runs: Path) -> int:
    made: list[str] = []
    with hooked(lambda what, path: made.append(what)):
        nnexp.train(spec(), runs=runs)
    return len(made)


def test_killed_at_any_operation_it_is_fitted_again(tmp_path: Path) -> None:
    count = count_operations(tmp_path / "undisturbed")
    expected = comes_to(only_run(tmp_path / "undisturbed"))
    for k in range(count):
        runs = tmp_path / str(k)

        def work(k: int = k, runs: Path = runs) -> None:
            with hooked(at(k, lambda: os._exit(KILLED))):
                nnexp.train(spec(), runs=runs)

        assert in_child(work) == KILLED
        assert nnexp.train(spec(), runs=runs).state == "done"
        assert comes_to(only_run(runs)) == expected, f"operation {k}"


def test_on_a_disk_full_from_any_operation_on_nothing_half_written_counts_as_done(tmp_path: Path) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    count = count_operations(tmp_path / "undisturbed")
    expected = comes_to(only_run(tmp_path / "undisturbed"))
    for k in range(count):
        runs = tmp_path / str(k)
        with hooked(at(k, refuse, ever_after=True)), pytest.raises(RunError, match="No space left on device"):
            nnexp.train(spec(), runs=runs)
        assert nnexp.train(spec(), runs=runs).state == "done"
        assert comes_to(only_run(runs)) == expected, f"operation {k}"
