"""What the tests of faults in sweeps share: a small sweep as a real program, its processes, and what it comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnexp.storage.lock import OWNER_FILE
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.running.folder import SweepFolder
from tests.faults.support import TEXT, environment, nnexp_command, outcome

WORDS = ("optimizer.adam.lr=1e-2,5e-2", "activation=relu,tanh", "seed=0..1", "training.epochs=30")
"""Two structures with four runs each."""

OPTIONS = ("--jobs", "2", "--stack", "2")

PATIENCE = 30.0
"""Seconds that anything here may take."""


def base(folder: Path) -> Path:
    """The base spec as a file."""
    path = folder / "tiny.yaml"
    path.write_text(TEXT)
    return path


def command(folder: Path, *options: str, words: Sequence[str] = WORDS) -> list[str]:
    return nnexp_command("sweep", base(folder), *words, "--runs", folder / "runs", *OPTIONS, *options)


@contextmanager
def started(folder: Path, *options: str, words: Sequence[str] = WORDS) -> Iterator[subprocess.Popen[str]]:
    """The sweep at work, in a process group of its own as a shell gives it."""
    process = subprocess.Popen(
        command(folder, *options, words=words),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)


def completed(folder: Path, *options: str, code: int = 0) -> str:
    """Run the sweep to its end; gives what it said on standard error."""
    with started(folder, *options) as process:
        out, err = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == code, (process.returncode, out, err)
    assert "Traceback" not in err
    assert workers_of(process.pid) == []
    return err


def workers_of(group: int) -> list[int]:
    """The processes of a group besides the one that it is named after."""
    return [pid for pid, own in _processes() if own == group and pid != group]


def _processes() -> Iterator[tuple[int, int]]:
    """Every process that is no zombie, with its group."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if state != "Z":
                yield int(entry.name), int(group)


def wait_until_gone(group: int) -> None:
    """Wait until no process of a group is left."""
    until = time.monotonic() + PATIENCE
    while workers_of(group):
        assert time.monotonic() < until, "processes are left behind"
        time.sleep(0.01)


def wait_for_epochs(folder: Path, runs: int = 1) -> None:
    """Wait until so many runs of the sweep have written rows of metrics."""
    until = time.monotonic() + PATIENCE
    while len(list((folder / "runs").glob("*/metrics.csv"))) < runs:
        assert time.monotonic() < until, "nothing is trained"
        time.sleep(0.002)


def outcomes(folder: Path) -> dict[str, dict[str, Any]]:
    """What every run came to, by name."""
    return {path.parent.name: came_to(path.parent) for path in sorted((folder / "runs").glob("*/run.json"))}


def came_to(run: Path) -> dict[str, Any]:
    """All that a run comes to.

    A worker that is killed may leave its own name in the folder of a run that had ended before: that changes nothing.
    """
    found = outcome(run)
    return found | {"files": [name for name in found["files"] if name != OWNER_FILE]}


def ledger(folder: Path) -> SweepFolder:
    return SweepFolder(parse_command(base(folder), WORDS), folder / "runs")


def differences(found: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    """What is missing, too many or not the same, in short."""
    return sorted(f"{run} alone" for run in found.keys() ^ expected.keys()) + [
        f"{run}: {key}: {str(value)[:300]}, not {str(expected[run].get(key))[:300]}"
        for run in found.keys() & expected.keys()
        for key, value in found[run].items()
        if value != expected[run].get(key)
    ]


def assert_whole(folder: Path, expected: dict[str, dict[str, Any]]) -> None:
    """Every planned run is there exactly once, done, with the bits of an undisturbed sweep."""
    sweep = ledger(folder)
    plan, known = sweep.read_plan(), sweep.read_ledger()
    found = outcomes(folder)
    assert found == expected, differences(found, expected)
    assert set(plan) == set(expected)
    assert set(known) == set(plan)
    for receipts in known.values():
        assert receipts[-1].state == "done"
        assert len({repr(receipt) for receipt in receipts if receipt.state == "done"}) == 1
    rows = (sweep.path / "sweep.csv").read_text().splitlines()[1:]
    assert len(rows) == len(plan)
    assert all(",done," in row for row in rows)
