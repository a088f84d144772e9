"""What the tests with a Dask cluster share: clusters, sweeps on them, and the same runs one by one."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nnexp
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.executors.base import Executor, StackTask, TaskReport
from nnexp.sweeps.executors.dask.executor import DaskExecutor
from nnexp.sweeps.running import sweep
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.scheduler import SchedulerLimits, WatchProgress
from nnexp.sweeps.running.sweep import SweepState
from tests.faults.support import TEXT, outcome

SHORT = "training={epochs: 20, batch_size: 13}"
MIDDLE = "training={epochs: 500, batch_size: 13}"
LONG = "training={epochs: 1500, batch_size: 13}"
ENDLESS = "training={epochs: 1000000, batch_size: 13}"
SEEDS = "seed=0..3"


@contextmanager
def local_cluster(scratch: Path, workers: int = 2) -> Iterator[Any]:
    """A scheduler in this process and workers in others, found by their address as those of other machines are."""
    import distributed

    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
        memory_limit=0,
        local_directory=str(scratch),
    ) as cluster:
        cluster.wait_for_workers(workers)  # on a busy machine one of them comes later
        yield cluster


def definition(folder: Path, *words: str) -> SweepDefinition:
    """A sweep of the tiny spec."""
    path = folder / "tiny.yaml"
    path.write_text(TEXT)
    return parse_command(path, words)


def swept(
    asked: SweepDefinition, root: Path, executor: Callable[[], Executor], watch: WatchProgress = lambda board: None
) -> SweepState:
    """The sweep, carried out, with a checkpoint every now and then."""
    return sweep.run_sweep(asked, root, SweepOptions(executor, limits=SchedulerLimits(checkpoint_seconds=0.2)), watch)


def assert_as_one_by_one(found: SweepState, runs: Path) -> None:
    """Every planned run is there once, and is what `nnexp train` makes of its spec, byte by byte."""
    ledger = [json.loads(line) for line in (found.path / "ledger.jsonl").read_text().splitlines()]
    assert sorted(line["run"] for line in ledger if line["state"] == "done") == sorted(found.progress.collect_states())
    for planned in found.progress.runs:
        spec = planned.build_spec(found.folder.definition.base_text)
        alone = nnexp.train(spec, runs=runs)
        assert outcome(found.root / planned.run) == outcome(alone.path)


def task(asked: SweepDefinition, root: Path, number: int = 1) -> StackTask:
    """All runs of a sweep as one stack."""
    planned = sweep.plan_sweep(asked, root).progress.runs
    specs = {run.run: run.plain_spec for run in planned}
    return StackTask(number, str(root), asked.base_text, specs, {run.run: run.overrides for run in planned})


def reports(executor: Executor, until: Callable[[list[TaskReport]], bool], seconds: float = 60) -> list[TaskReport]:
    """What an executor reports until enough of it is there."""
    found: list[TaskReport] = []
    end = time.monotonic() + seconds
    while not until(found):
        assert time.monotonic() < end, found
        found += executor.poll(0.1)
    return found


def kill_owner(root: Path) -> list[int]:
    """Kill a process that is writing one of the runs; gives its id, or nothing where there is none."""
    for owner in sorted(root.glob("*/owner")):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just let go, or was killed before
            told = re.fullmatch(r"process (\d+) on .*", owner.read_text().strip())
            if told:
                os.kill(int(told[1]), signal.SIGKILL)
                return [int(told[1])]
    return []


def dask(address: str) -> Callable[[], Executor]:
    return lambda: DaskExecutor(address, 1)
