"""Killed at any moment, by SIGKILL from outside, a run goes on to the same bits."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.support import environment, only_run, outcome, tiny, train

SPEC = ("training.epochs=12", "training.early_stopping=null")

LONGEST = 1.0
"""Seconds after which the program has surely ended; most moments fall into its training or its imports."""


def driver(runs: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.faults.driver", str(runs), *SPEC]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def kill_after_events(runs: Path, events: int, pause: float) -> None:
    """Start the program and kill it `pause` seconds after that many of its events, or let it end before that."""
    with driver(runs) as process:
        assert process.stdout
        for _ in range(events):
            if not process.stdout.readline():
                break
        time.sleep(pause)
        process.kill()


def finish(runs: Path) -> None:
    with driver(runs) as process:
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    train(tiny(*SPEC), folder)
    return outcome(only_run(folder))


def moments(count: int, seed: int) -> list[tuple[int, float]]:
    """Numbers of events, and pauses up to about the time of one more: from before the first to after the last."""
    source = random.Random(seed)
    return [(source.randrange(0, 40), source.uniform(0, 0.006)) for _ in range(count)]


@pytest.mark.parametrize("moment", moments(5, seed=0))
def test_killed_once(moment: tuple[int, float], expected: dict[str, object], tmp_path: Path) -> None:
    kill_after_events(tmp_path, *moment)
    finish(tmp_path)
    assert outcome(only_run(tmp_path)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("moment", moments(50, seed=1))
def test_killed_once_at_many_moments(moment: tuple[int, float], expected: dict[str, object], tmp_path: Path) -> None:
    kill_after_events(tmp_path, *moment)
    finish(tmp_path)
    assert outcome(only_run(tmp_path)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("pause", [LONGEST * share / 12 for share in range(12)])
def test_killed_at_any_time_after_its_start(pause: float, expected: dict[str, object], tmp_path: Path) -> None:
    kill_after_events(tmp_path, 0, pause)
    finish(tmp_path)
    assert outcome(only_run(tmp_path)) == expected


def test_killed_again_and_again_in_one_run(expected: dict[str, object], tmp_path: Path) -> None:
    source = random.Random(2)
    for _ in range(6):
        kill_after_events(tmp_path, source.randrange(2, 7), source.uniform(0, 0.004))
    finish(tmp_path)
    assert outcome(only_run(tmp_path)) == expected
