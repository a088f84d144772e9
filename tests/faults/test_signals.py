"""Ctrl-C and SIGTERM, sent to the real program."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from nnexp.runs import manifest
from tests.faults.support import TEXT, environment, events, nnexp_command, only_run, outcome, program

LONG = "training={epochs: 3000, batch_size: 13}"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my spec.yaml"
    path.write_text(TEXT)
    return path


def start(spec: Path, runs: Path, *overrides: str, ignoring: str | None = None) -> subprocess.Popen[str]:
    """Start training, and wait until it has told of its first epochs."""
    command = nnexp_command("train", spec, *overrides, "--runs", runs)
    if ignoring:
        command = ["sh", "-c", f"trap '' {ignoring}; exec {shlex.join(command)}"]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr
    for _ in range(3):
        assert process.stderr.readline().startswith("epoch ")
    return process


def end(process: subprocess.Popen[str], *signals: signal.Signals) -> tuple[int, str]:
    """Send signals; gives the exit code and what was said on standard error."""
    for number in signals:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):  # none of its children is left either
        os.killpg(process.pid, 0)
    return process.returncode, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_the_state_and_says_how_to_go_on(
    number: signal.Signals, code: int, spec: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    got, err = end(start(spec, runs, LONG), number)
    assert got == code
    assert "the state is saved" in err
    command = shlex.split(err.strip().splitlines()[-1])
    assert command == ["nnexp", "train", str(spec), LONG, "--runs", str(runs)]
    record = manifest.read_manifest(only_run(runs))
    assert record["state"] == "interrupted"
    assert record["ended"]
    assert "checkpoints" in {path.name for path in only_run(runs).iterdir()}


def test_interrupted_and_continued_a_run_comes_to_the_same_bits(spec: Path, tmp_path: Path) -> None:
    override = "training={epochs: 150, batch_size: 13}"
    program("train", spec, override, "--runs", tmp_path / "undisturbed")
    runs = tmp_path / "runs"
    code, _ = end(start(spec, runs, override), signal.SIGINT)
    assert code == 130
    again = program("train", spec, override, "--runs", runs)
    assert re.search(r"^continuing after \d+ epochs", again.stderr, re.MULTILINE)
    assert outcome(only_run(runs)) == outcome(only_run(tmp_path / "undisturbed"))
    assert [event["event"] for event in events(only_run(runs))] == ["resumed"]


def test_a_second_signal_at_once_leaves_a_whole_checkpoint(spec: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    override = "training={epochs: 150, batch_size: 13}"
    process = start(spec, runs, override)
    process.send_signal(signal.SIGINT)
    code, _ = end(process, signal.SIGINT)
    assert code == 130
    program("train", spec, override, "--runs", tmp_path / "undisturbed")
    program("train", spec, override, "--runs", runs)
    assert outcome(only_run(runs)) == outcome(only_run(tmp_path / "undisturbed"))


@pytest.mark.parametrize("pause", [0.002, 0.005, 0.01, 0.02])
def test_many_signals_in_a_row_never_show_a_traceback(pause: float, spec: Path, tmp_path: Path) -> None:
    process = start(spec, tmp_path / "runs", LONG)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
    assert end(process)[0] in (130, -signal.SIGINT)  # to a shell both are 130


def test_a_signal_that_the_program_was_started_to_ignore_does_not_stop_it(spec: Path, tmp_path: Path) -> None:
    process = start(spec, tmp_path / "runs", LONG, ignoring="INT")
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert all(process.stderr.readline().startswith("epoch ") for _ in range(200))
    assert end(process, signal.SIGTERM)[0] == 143


def test_a_run_being_trained_is_running_and_a_killed_one_interrupted(spec: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    process = start(spec, runs, LONG)
    assert "running" in program("runs", "--runs", runs).stdout
    refused = program("train", spec, LONG, "--runs", runs, code=1)
    assert f"is being written by process {process.pid} on " in refused.stderr
    assert "is being written" in program("runs", "rm", only_run(runs), "--yes", "--runs", runs, code=1).stderr
    assert end(process, signal.SIGKILL)[0] == -signal.SIGKILL
    assert manifest.read_manifest(only_run(runs))["state"] == "running"
    assert "interrupted" in program("runs", "--runs", runs).stdout
