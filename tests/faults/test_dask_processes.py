"""The real program on real schedulers and workers, killed and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from nnexp.runs import manifest
from nnexp.sweeps.executors.dask.executor import DaskExecutor
from nnexp.sweeps.running import sweep
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.progress import SweepProgress
from tests.faults.clusters import (
    LONG,
    SEEDS,
    assert_as_one_by_one,
    dask,
    definition,
    kill_owner,
    local_cluster,
    swept,
)
from tests.faults.support import environment, nnexp_command

pytestmark = pytest.mark.slow


@contextmanager
def process(*words: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A part of Dask that is started as a user starts it."""
    with log.open("wb") as file:
        command = [sys.executable, "-m", "distributed.cli.dask_" + str(words[0]), *map(str, words[1:])]
        started = subprocess.Popen(command, stdout=file, stderr=file, env=environment(), start_new_session=True)
        try:
            yield started
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler with two workers, as programs of their own; gives it and its address."""
    file = folder / "scheduler.json"
    alone = ("--host", "127.0.0.1")
    words = ("scheduler", *alone, "--port", "0", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", file)
    with ExitStack() as stack:
        started = stack.enter_context(process(*words, log=folder / "scheduler.log"))
        for number in range(2):
            more = ("worker", *alone, "--nthreads", "1", "--scheduler-file", file, "--local-directory", folder)
            stack.enter_context(process(*more, log=folder / f"worker{number}.log"))
        wait_for(file.exists)
        yield started, json.loads(file.read_text())["address"]


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def begun(runs: Path) -> bool:
    """Whether runs are being trained and have saved something."""
    return bool(list(runs.glob("*/checkpoints/last.npz")))


def test_when_the_scheduler_dies_the_same_command_goes_on_elsewhere(tmp_path: Path) -> None:
    asked = definition(tmp_path, SEEDS, LONG)
    runs = tmp_path / "runs"
    command = nnexp_command("sweep", tmp_path / "tiny.yaml", SEEDS, LONG, "--runs", runs, "--executor", "dask")
    with scheduler(tmp_path) as (killed, address):
        program = subprocess.Popen(
            [*command, "--address", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_for(lambda: list(runs.glob("*/owner")))
        time.sleep(0.5)
        killed.kill()
        _, told = program.communicate(timeout=60)
        assert program.returncode == 1
        assert f"the scheduler at {address} does not answer any more" in told
        assert "Traceback" not in told
        again = subprocess.run([*command, "--jobs", "1"], capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    assert_as_one_by_one(sweep.run_sweep(asked, runs, SweepOptions(lambda: DaskExecutor(None, 1))), tmp_path / "alone")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_its_processes_saves_every_state(number: signal.Signals, tmp_path: Path) -> None:
    asked = definition(tmp_path, SEEDS, LONG)
    runs = tmp_path / "runs"
    command = nnexp_command("sweep", tmp_path / "tiny.yaml", SEEDS, LONG, "--runs", runs, "--executor", "dask", "-j2")
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment()
    )
    wait_for(lambda: len(list(runs.glob("*/owner"))) == 4)
    time.sleep(0.5)
    if number == signal.SIGINT:
        os.killpg(program.pid, number)  # as a terminal does
    else:
        program.send_signal(number)
    _, told = program.communicate(timeout=60)
    assert program.returncode == 128 + number
    assert "the states are saved" in told
    assert "Traceback" not in told
    states = [manifest.read_manifest(path.parent)["state"] for path in runs.glob("*/run.json")]
    assert states == ["interrupted"] * 4
    assert not list(runs.glob("*/owner"))
    assert_as_one_by_one(sweep.run_sweep(asked, runs, SweepOptions(lambda: DaskExecutor(None, 1))), tmp_path / "alone")


def test_a_worker_that_the_scheduler_takes_for_dead_publishes_nothing_twice(tmp_path: Path) -> None:
    removed: list[str] = []
    with local_cluster(tmp_path / "scratch") as cluster:

        def watch(board: SweepProgress) -> None:
            if not removed and any(board.epochs_by_task.values()):
                removed.append(next(iter(cluster.scheduler.workers)))
                cluster.loop.add_callback(cluster.scheduler.remove_worker, removed[0], stimulus_id="test", close=False)

        found = swept(definition(tmp_path, SEEDS, LONG), tmp_path / "runs", dask(cluster.scheduler_address), watch)
    assert removed
    assert_as_one_by_one(found, tmp_path / "alone")


def test_workers_killed_again_and_again_change_no_bit(tmp_path: Path) -> None:
    kills: list[float] = []

    def watch(board: SweepProgress) -> None:
        due = not kills or (len(kills) < 3 and time.monotonic() > kills[-1] + 2)
        if due and any(board.epochs_by_task.values()):
            kills.extend(time.monotonic() for _ in kill_owner(tmp_path / "runs"))

    with local_cluster(tmp_path / "scratch") as cluster:
        found = swept(definition(tmp_path, SEEDS, LONG), tmp_path / "runs", dask(cluster.scheduler_address), watch)
    assert kills
    assert_as_one_by_one(found, tmp_path / "alone")
