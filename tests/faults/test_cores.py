"""The machine's cores, and what the environment says of threads, change no bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.support import environment, only_run, outcome, tiny, train

WIDE = (
    "data={source: digits, split: {train: 300, dev: 100, test: 100}}",
    "architecture=[{dense: {units: 193}}, batch_norm, activation, {dense: {units: 67}}, activation, output]",
    "training={epochs: 2, batch_size: 100}",
)
"""Products large enough for OpenBLAS to share them among threads."""

CORES = sorted(os.sched_getaffinity(0))[:2]


def run_on(cores: list[int], runs: Path, *overrides: str, stop_after: int | None = None, **variables: str) -> None:
    """Train in a program of its own that may use these cores only; kill it after some of its events, if so asked."""
    command = [sys.executable, "-m", "tests.faults.driver", str(runs), *WIDE, *overrides]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # the child inherits it
    try:
        process = subprocess.Popen(command, env=environment(**variables), stdout=subprocess.PIPE)
    finally:
        os.sched_setaffinity(0, before)
    with process:
        assert process.stdout
        for count, _ in enumerate(process.stdout, start=1):
            if count == stop_after:
                process.kill()
    assert process.returncode == (0 if stop_after is None else -9)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_core_and_two_give_the_same_bits(threads: int, tmp_path: Path) -> None:
    override = f"training.threads={threads}"
    run_on(CORES[:1], tmp_path / "one", override)
    run_on(CORES, tmp_path / "two", override)
    run_on(CORES, tmp_path / "told", override, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")
    run_on(CORES, tmp_path / "told less", override, OPENBLAS_NUM_THREADS="1")
    one, *others = (outcome(only_run(tmp_path / name)) for name in ("one", "two", "told", "told less"))
    assert all(other == one for other in others)


def test_killed_on_one_core_and_resumed_on_two(tmp_path: Path) -> None:
    run_on(CORES[:1], tmp_path / "undisturbed")
    run_on(CORES[:1], tmp_path / "moved", stop_after=4)
    run_on(CORES, tmp_path / "moved", OPENBLAS_NUM_THREADS="2")
    assert outcome(only_run(tmp_path / "moved")) == outcome(only_run(tmp_path / "undisturbed"))


def test_the_number_of_threads_is_part_of_the_run(tmp_path: Path) -> None:
    train(tiny("training.epochs=2", "training.threads=1"), tmp_path)
    train(tiny("training.epochs=2", "training.threads=2"), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
