"""What the tests of faults share: a tiny run, what it comes to, and ways to cut it off."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import nnexp
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec
from nnexp.storage import atomic

TEXT = """
name: tiny
seed: 1
data:
  source: {moons: {examples: 53, noise: 0.2}}
  split: {train: 23, dev: 13, test: 11}
  augment: [noise: 0.1, mixup: 0.3]
architecture: [{dense: {units: 7}}, batch_norm, activation, {dropout: {rate: 0.2}}, {dense: {units: 5}}, output]
regularization: {l2: 1e-3}
optimizer: {adam: {lr: 5e-2}}
schedule: {cosine: {warmup_epochs: 1}}
training: {epochs: 9, batch_size: 13, early_stopping: {patience: 2}, clip_norm: 1.0}
"""
"""Everything that a resume restores: shuffling, augmentation, dropout, batch statistics, moments, early stopping."""

KILLED = 137

Operation = tuple[str, Path]


def tiny(*overrides: str) -> Spec:
    return load_network_spec(SpecText("tiny.yaml", TEXT), overrides, name="tiny")


def train(spec: Spec, runs: Path) -> nnexp.Run:
    """Train, with a checkpoint after every step and every epoch."""
    return nnexp.train(spec, runs=runs, checkpoint_seconds=0)


def outcome(run: Path) -> dict[str, Any]:
    """All that a run comes to but times: every array of its checkpoints, generators, metrics, final metrics."""
    record = json.loads((run / "run.json").read_bytes())
    kept = ("state", "ending", "epochs", "weights", "parameters", "final", "diverged", "data", "spec")
    found: dict[str, Any] = {name: record.get(name) for name in kept}
    found["metrics"] = metrics(run)
    found["files"] = sorted(p.name for p in run.iterdir() if p.name != "events.jsonl")
    kinds = ("last", "best") if record["state"] != "diverged" else ("last",)  # there may be no best epoch
    for kind in kinds:
        with np.load(run / "checkpoints" / f"{kind}.npz") as archive:
            timeless = [name for name in archive.files if name not in ("seconds", "checksum", "rest")]
            found[kind] = {
                name: (archive[name].dtype.str, archive[name].shape, archive[name].tobytes()) for name in timeless
            }
            found[f"{kind} rest"] = without_seconds(json.loads(archive["rest"].tobytes()))
    return found


def metrics(run: Path) -> list[dict[str, str]]:
    """metrics.csv as text, without its column of times."""
    with (run / "metrics.csv").open(newline="") as file:
        return [{name: cell for name, cell in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(entry) for name, entry in value.items() if name != "seconds"}
    return [without_seconds(entry) for entry in value] if isinstance(value, list) else value


def events(run: Path) -> list[dict[str, Any]]:
    path = run / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def hooked(hook: Callable[[str, Path], None]) -> Iterator[None]:
    """Call `hook` before every file operation."""
    before, atomic.before_operation = atomic.before_operation, hook
    try:
        yield
    finally:
        atomic.before_operation = before


def operations(spec: Spec, runs: Path) -> list[Operation]:
    """The file operations that a whole run makes."""
    made: list[Operation] = []
    with hooked(lambda what, path: made.append((what, path))):
        train(spec, runs)
    return made


def at(k: int, act: Callable[[], None], *, ever_after: bool = False) -> Callable[[str, Path], None]:
    """A hook that acts at the k-th operation, or at it and all that follow."""
    left = k

    def hook(what: str, path: Path) -> None:
        nonlocal left
        if left == 0 or (left < 0 and ever_after):
            act()
        left -= 1

    return hook


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a forked child; gives its exit code, 0 where the work was done."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads here wait, and hold nothing the child needs
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - the child must not go on as a second pytest
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(k: int, spec: Spec, runs: Path) -> None:
    """Train in a child that dies at the k-th file operation."""

    def work() -> None:
        with hooked(at(k, lambda: os._exit(KILLED))):
            train(spec, runs)

    assert in_child(work) == KILLED


def environment(**variables: str) -> dict[str, str]:
    """This process's environment for a child, without what changes how the program prints."""
    unwanted = ("NNEXP_RUNS", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    return {k: v for k, v in os.environ.items() if k not in unwanted} | variables


def nnexp_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "nnexp", *map(str, arguments)]


def program(*arguments: str | Path, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the real program; it must end with this exit code and show no traceback."""
    done = subprocess.run(
        nnexp_command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment(**variables),
        timeout=120,
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def only_run(runs: Path) -> Path:
    """The one run folder in a folder of runs."""
    found: Sequence[Path] = [path for path in runs.iterdir() if path.is_dir()]
    assert len(found) == 1
    return found[0]
