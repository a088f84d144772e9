"""A sweep that is disturbed comes to every planned run exactly once, with the bits of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nnexp.execution.stack_of_runs import train_runs
from nnexp.spec.spec import Spec
from tests.faults.support import at, environment, events, hooked, outcome, tiny, train
from tests.faults.sweeps import (
    WORDS,
    assert_whole,
    came_to,
    command,
    completed,
    ledger,
    outcomes,
    started,
    wait_for_epochs,
    wait_until_gone,
    workers_of,
)

Expected = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """What an undisturbed sweep comes to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    completed(folder)
    return outcomes(folder)


def kill_the_sweep(folder: Path, pause: float, runs: int = 0) -> bool:
    """Kill the sweep a while after so many of its runs have rows; gives whether it was over before."""
    with started(folder) as process:
        if runs:
            wait_for_epochs(folder, runs)
        time.sleep(pause)
        over = process.poll() is not None
        process.kill()
        process.wait()
        wait_until_gone(process.pid)  # the workers end by themselves
    return over


@pytest.mark.parametrize("moment", [(1, 0.0), (3, 0.02), (5, 0.05)])
def test_the_sweep_killed_its_workers_end_and_it_goes_on(
    moment: tuple[int, float], expected: Expected, tmp_path: Path
) -> None:
    runs, pause = moment
    kill_the_sweep(tmp_path, pause, runs)
    for path in (tmp_path / "runs").glob("*/run.json"):
        assert '"failed"' not in path.read_text()
    completed(tmp_path)
    assert_whole(tmp_path, expected)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(100))
def test_the_sweep_killed_at_random_moments_until_it_is_done(number: int, expected: Expected, tmp_path: Path) -> None:
    source = random.Random(number)
    for _ in range(20):
        if kill_the_sweep(tmp_path, source.uniform(0.0, 2.5)):
            break
    completed(tmp_path)
    assert_whole(tmp_path, expected)


def a_worker(group: int) -> int | None:
    return next(iter(workers_of(group)), None)


def test_a_killed_worker_is_replaced(expected: Expected, tmp_path: Path) -> None:
    with started(tmp_path) as process:
        wait_for_epochs(tmp_path)
        worker = a_worker(process.pid)
        assert worker
        os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert workers_of(process.pid) == []
    assert_whole(tmp_path, expected)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_workers_killed_at_random_moments(number: int, expected: Expected, tmp_path: Path) -> None:
    source = random.Random(number)
    with started(tmp_path) as process:
        wait_for_epochs(tmp_path)
        for _ in range(2):
            time.sleep(source.uniform(0, 0.3))
            if process.poll() is None and (worker := a_worker(process.pid)):
                os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert_whole(tmp_path, expected)


KILLER = """
import os, signal, sys
import nnexp.execution.stack_of_runs as together
from nnexp.sweeps.executors import worker

before = together.drive

def drive(runs, *rest):
    if any(run.folder.path.name == os.environ["VICTIM"] for run in runs):
        os.kill(os.getpid(), signal.SIGKILL)
    before(runs, *rest)

together.drive = drive
worker.main()
"""
"""A worker that is killed whenever it is about to train a certain run."""


def test_a_run_that_takes_its_worker_with_it_every_time_is_given_up_and_the_others_are_done(
    expected: Expected, tmp_path: Path
) -> None:
    victim = sorted(expected)[3]
    (tmp_path / "killer.py").write_text(KILLER)
    wrapper = (
        "import subprocess, sys\n"
        "real = subprocess.Popen\n"
        "class Popen(real):\n"
        "    def __init__(self, args, **options):\n"
        "        if args[1:] == ['-m', 'nnexp.sweeps.executors.worker']:\n"
        f"            args = [sys.executable, {str(tmp_path / 'killer.py')!r}]\n"
        "        super().__init__(args, **options)\n"
        "subprocess.Popen = Popen\n"
        "from nnexp.cli.app import main\n"
        "main()\n"
    )
    words = command(tmp_path)
    done = subprocess.run(
        [words[0], "-c", wrapper, *words[3:]],
        env=environment(VICTIM=victim),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 3, (done.stdout, done.stderr)
    assert "its worker died 4 times: it was killed by signal 9" in done.stderr
    assert not (tmp_path / "runs" / victim / "metrics.csv").exists()
    for name, wanted in expected.items():
        if name != victim:
            assert came_to(tmp_path / "runs" / name) == wanted
    known = ledger(tmp_path).read_ledger()
    assert {run for run, receipts in known.items() if receipts[-1].state == "failed"} == {victim}
    assert len(known) == len(expected)
    completed(tmp_path, "--retry-failed")
    assert_whole(tmp_path, expected)


def two_at_once(folder: Path, pause: float) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(started(folder))
        time.sleep(pause)
        second = stack.enter_context(started(folder))
        for process in (first, second):
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
            assert "Traceback" not in err
            assert workers_of(process.pid) == []
            assert "8 done" in out


def resumes(folder: Path) -> list[str]:
    """What happened to the runs besides their training: where each was begun once and trained in one go, nothing."""
    return [event["event"] for path in (folder / "runs").glob("*/run.json") for event in events(path.parent)]


@pytest.mark.parametrize("pause", [0.0, 0.7])
def test_two_sweeps_at_once_share_the_work(pause: float, expected: Expected, tmp_path: Path) -> None:
    two_at_once(tmp_path, pause)
    assert_whole(tmp_path, expected)
    assert set(resumes(tmp_path)) <= {"stopped_early"}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_two_sweeps_at_once_at_random_distances(number: int, expected: Expected, tmp_path: Path) -> None:
    two_at_once(tmp_path, random.Random(number).uniform(0, 2))
    assert_whole(tmp_path, expected)
    assert set(resumes(tmp_path)) <= {"stopped_early"}


LONG = (*WORDS[:-1], "training={epochs: 100000, batch_size: 13}")
"""A sweep that does not end before it is interrupted."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_all_states_and_says_how_to_go_on(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with started(tmp_path, words=LONG) as process:
        wait_for_epochs(tmp_path, runs=4)
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "the states are saved" in err
    assert "To go on:\n  nnexp sweep " in err
    assert "Traceback" not in err
    assert workers_of(process.pid) == []
    states = {path.parent.name: path.read_text() for path in (tmp_path / "runs").glob("*/run.json")}
    assert len(states) >= 4
    assert all('"state": "interrupted"' in text for text in states.values())
    assert all((tmp_path / "runs" / name / "checkpoints" / "last.npz").exists() for name in states)


def test_after_ctrl_c_the_same_command_goes_on_to_the_same_bits(expected: Expected, tmp_path: Path) -> None:
    with started(tmp_path) as process:
        wait_for_epochs(tmp_path, runs=2)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130), err  # it may have been too fast
    assert workers_of(process.pid) == []
    completed(tmp_path)
    assert_whole(tmp_path, expected)


@pytest.mark.parametrize("pause", [0.45, 0.8])
def test_ctrl_c_while_the_workers_start_is_no_failure(pause: float, expected: Expected, tmp_path: Path) -> None:
    with started(tmp_path) as process:
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT), (process.returncode, err)
    assert "cannot start" not in err
    wait_until_gone(process.pid)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(40))
def test_ctrl_c_at_random_moments(number: int, expected: Expected, tmp_path: Path) -> None:
    with started(tmp_path) as process:
        time.sleep(random.Random(number).uniform(0, 2.5))
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT), (process.returncode, err)
    assert "cannot start" not in err
    wait_until_gone(process.pid)
    completed(tmp_path)
    assert_whole(tmp_path, expected)


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with started(tmp_path, words=LONG) as process:
        wait_for_epochs(tmp_path, runs=2)
        for worker in workers_of(process.pid):
            os.kill(worker, signal.SIGSTOP)  # so that they cannot save and end
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "stopped at once" in err
    assert "Traceback" not in err
    assert workers_of(process.pid) == []


class Never:
    """No signal was received."""

    received: int | None = None


def stacked(specs: dict[str, Spec], root: Path) -> list[str]:
    """Train a stack as a worker does, saving at every opportunity; gives the states that it ends in."""
    receipts = train_runs(
        specs,
        root,
        stop=Never(),
        watch=lambda event: None,
        prepare=lambda spec: spec.prepare(),
        checkpoint_seconds=0,
    )
    return [receipt.state for receipt in receipts]


def stack_of(count: int) -> dict[str, Spec]:
    return {
        f"tiny-{seed}": tiny("training.epochs=3", f"seed={seed}", f"optimizer.adam.lr={seed + 1}e-2")
        for seed in range(count)
    }


def alone(specs: dict[str, Spec], root: Path) -> dict[str, dict[str, Any]]:
    return {name: outcome(train(spec, root).path) for name, spec in specs.items()}


def no_space() -> None:
    raise OSError(28, "No space left on device")


def operations_of(specs: dict[str, Spec], root: Path) -> int:
    made = 0

    def count(what: str, path: Path) -> None:
        nonlocal made
        made += 1

    with hooked(count):
        stacked(specs, root)
    return made


def full_disk(specs: dict[str, Spec], k: int, root: Path, *, ever_after: bool) -> list[str]:
    with hooked(at(k, no_space, ever_after=ever_after)):
        return stacked(specs, root)


def check_full_disk(share: float, folder: Path, *, ever_after: bool) -> None:
    specs = stack_of(3)
    made = operations_of(specs, folder / "counted")
    states = full_disk(specs, int(share * made), folder / "runs", ever_after=ever_after)
    assert set(states) <= {"done", "failed"}
    assert not ever_after or "failed" in states
    assert stacked(specs, folder / "runs") == ["done"] * 3
    wanted = alone(specs, folder / "alone")
    assert {name: outcome(folder / "runs" / name) for name in specs} == wanted


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.9])
def test_a_full_disk_fails_the_runs_of_a_stack_which_go_on_when_there_is_space(share: float, tmp_path: Path) -> None:
    check_full_disk(share, tmp_path, ever_after=True)


@pytest.mark.parametrize("share", [0.05, 0.6])
def test_one_write_that_fails_does_not_change_a_bit(share: float, tmp_path: Path) -> None:
    check_full_disk(share, tmp_path, ever_after=False)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(60))
def test_a_disk_full_at_many_moments(number: int, tmp_path: Path) -> None:
    check_full_disk(number / 60, tmp_path, ever_after=number % 2 == 0)
