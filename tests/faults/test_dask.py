"""Sweeps on a Dask cluster: what comes out, what is refused, and what is left when something dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nnexp.errors import UsageError
from nnexp.runs import manifest
from nnexp.sweeps.executors.base import TaskFinished, TaskProgress, TaskReport
from nnexp.sweeps.executors.dask import cluster as clusters
from nnexp.sweeps.executors.dask.executor import DaskExecutor
from nnexp.sweeps.running.progress import SweepProgress
from tests.faults.clusters import (
    ENDLESS,
    MIDDLE,
    SEEDS,
    SHORT,
    assert_as_one_by_one,
    dask,
    definition,
    kill_owner,
    local_cluster,
    reports,
    swept,
    task,
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with local_cluster(tmp_path_factory.mktemp("scratch")) as found:
        yield found


@pytest.fixture
def address(cluster: Any) -> str:
    return str(cluster.scheduler_address)


def over(found: list[TaskReport]) -> bool:
    """Whether a task has come to its end."""
    return any(isinstance(report, TaskFinished) for report in found)


def test_runs_are_byte_for_byte_those_of_training_one_by_one(address: str, tmp_path: Path) -> None:
    asked = definition(tmp_path, SEEDS, "activation=relu,tanh", SHORT)
    found = swept(asked, tmp_path / "runs", dask(address))
    assert found.progress.count_runs("done") == 8
    assert_as_one_by_one(found, tmp_path / "alone")
    assert not list((tmp_path / "runs").glob(".shared-*"))


def test_a_stack_whose_worker_is_killed_goes_on_from_its_checkpoints(address: str, tmp_path: Path) -> None:
    killed: list[int] = []

    def watch(board: SweepProgress) -> None:
        if not killed and any(board.epochs_by_task.values()):
            killed.extend(kill_owner(tmp_path / "runs"))

    found = swept(definition(tmp_path, "seed=0,1", MIDDLE), tmp_path / "runs", dask(address), watch)
    assert killed
    events = [(found.root / run.run / "events.jsonl").exists() for run in found.progress.runs]
    assert any(events)
    assert_as_one_by_one(found, tmp_path / "alone")


def test_what_is_cancelled_saves_and_makes_room(address: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    endless = task(definition(tmp_path, SEEDS, ENDLESS), runs, number=1)
    short = task(definition(tmp_path, SEEDS, SHORT), runs, number=2)
    with DaskExecutor(address, 1) as executor:
        for number in range(executor.workers):
            executor.submit(task(definition(tmp_path, f"seed=1{number}", ENDLESS), runs, number=10 + number))
        executor.submit(short)
        executor.submit(endless)
        executor.cancel(endless.number)  # it has not begun
        reports(executor, lambda found: len({r.task for r in found if isinstance(r, TaskProgress) and r.epochs}) == 2)
        executor.cancel(10)
        assert reports(executor, over)[-1].task == short.number
    states = {
        path.name: manifest.read_manifest(path)["state"] for path in runs.iterdir() if (path / "run.json").exists()
    }
    assert sorted(states.values()) == ["done"] * 4 + ["interrupted"] * 2
    assert not any((runs / run).exists() for run in endless.specs)


def test_a_stack_that_two_clients_deliver_is_trained_once(address: str, tmp_path: Path) -> None:
    stack = task(definition(tmp_path, SEEDS, MIDDLE), tmp_path / "runs")
    with DaskExecutor(address, 1) as first, DaskExecutor(address, 1) as second:
        first.submit(stack)
        reports(first, lambda found: any(isinstance(r, TaskProgress) and r.epochs for r in found))
        second._workers.admitted = {
            w: pid for w, pid in second._workers.admitted.items() if w != first._sent_tasks[1].worker
        }
        second.submit(stack)
        late = reports(second, over)[-1]
        assert isinstance(late, TaskFinished)
        assert {receipt.state for receipt in late.outcomes} == {"busy"}
        published = reports(first, over)[-1]
    assert isinstance(published, TaskFinished)
    assert {receipt.state for receipt in published.outcomes} == {"done"}


def test_other_versions_are_refused_with_worker_package_and_both(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clusters.list_versions()
    monkeypatch.setattr(clusters, "list_versions", lambda: {**real, "numpy": "1.2.3", "no-such-package": "4.5.6"})
    with pytest.raises(UsageError) as told:
        DaskExecutor(address, 1)
    lines = str(told.value).splitlines()
    assert len(lines) == 4
    assert f"has numpy {real['numpy']}; here it is numpy 1.2.3" in lines[0]
    assert "tells no version of no-such-package; here it is no-such-package 4.5.6" in lines[1]
    assert all("the worker at tcp://127.0.0.1:" in line for line in lines)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs a folder that is another one in each process")
def test_a_folder_that_is_not_shared_is_refused(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = definition(tmp_path, SEEDS, SHORT)
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:.* does not see the folder /proc/self/cwd/runs"):
        swept(asked, Path("/proc/self/cwd/runs"), dask(address))
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"sweeps"}


@pytest.mark.parametrize("wrong", ["tcp://127.0.0.1:9", "tcp://no.such.host.invalid:8786", "what://is:1", "nonsense"])
def test_an_address_that_does_not_answer_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 0.5)
    with pytest.raises(UsageError, match=f"the scheduler at {wrong} does not answer"):
        DaskExecutor(wrong, 1)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"--executor dask needs distributed: pip install 'nnexp\[cluster\]'"):
        DaskExecutor(None, 1)


def test_a_cluster_of_its_own_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    with DaskExecutor(None, 1) as executor:
        pids = list(executor._workers.admitted.values())
        assert len(pids) == executor.workers == 1
        executor.submit(task(definition(tmp_path, SEEDS, SHORT), tmp_path / "runs"))
        reports(executor, over)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not list((tmp_path / "scratch").iterdir())
