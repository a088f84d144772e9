"""One run's folder: where its files are, and the record that is kept there.

    spec.yaml, resolved.yaml    what was asked for, as written and with every default
    run.json                    how it stands (`nnexp.runs.manifest`)
    metrics.csv                 one row an epoch
    events.jsonl                what happened besides: resumes, early stop, divergence
    inputs.npz                  what the inputs are normalised with, and the names of the classes
    checkpoints/                last.npz, previous.npz, best.npz
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnexp.data.base import Description
from nnexp.data.parts import Parts
from nnexp.errors import ResumeError
from nnexp.runs import checkpoints, files, manifest
from nnexp.runs.checkpoints import Damaged
from nnexp.spec import resolved
from nnexp.spec.sections import Spec
from nnexp.training.state import Row, State
from nnexp.typing import Array


def folder_of(spec: Spec, root: Path) -> Path:
    """The folder of the run that a spec stands for: its name and six digits of its hash."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", spec.name).strip("._") or "run"
    return root / f"{name}-{resolved.digest(spec)[:6]}"


class RunFolder:
    """The record of one run, for the process that holds the folder's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.last, self.previous = self.checkpoints / "last.npz", self.checkpoints / "previous.npz"
        self._saved_best = 0

    def begin(self, spec: Spec, parts: Parts) -> None:
        """Write down what is asked for; run.json last, so that a folder without one has not begun."""
        files.make_folder(self.checkpoints)
        written = spec.origin.text if spec.origin else resolved.text(spec)
        files.write_text(self.path / "spec.yaml", written)
        files.write_text(self.path / "resolved.yaml", resolved.text(spec))
        description = parts.description
        checkpoints.save(
            self.path / "inputs.npz",
            {"shift": parts.shift, "scale": parts.scale},
            {"shape": description.shape, "targets": description.targets, "classes": description.classes},
        )
        record = {
            "name": spec.name,
            "state": "running",
            "seed": spec.seed,
            "spec": resolved.digest(spec),
            "overrides": list(spec.origin.overrides) if spec.origin else [],
            "data": {"fingerprint": parts.fingerprint, "examples": {p: len(parts[p]) for p in ("train", "dev", "test")}},
            "began": manifest.now(),
            **manifest.environment(),
        }
        manifest.write(self.path, record)

    def has_begun(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / "run.json").exists()

    def check_unchanged(self, spec: Spec) -> manifest.Manifest:
        """The manifest of the run that was begun here. Raises ResumeError where it is of another spec."""
        record = manifest.read(self.path)
        path = self.path / "resolved.yaml"
        if record["spec"] != resolved.digest(spec):
            raise ResumeError(f"{self.path} holds the run of another spec; give this one another name")
        if not path.exists() or path.read_text() != resolved.text(spec):
            raise ResumeError(f"{path} was changed since the run began; `--restart` trains it again from the beginning")
        return record

    def restore(self, record: manifest.Manifest, parts: Parts) -> State | None:
        """The state to continue from, or None where nothing was saved yet.

        Where the last checkpoint is damaged the one before it serves: it leads to the same bits. Raises ResumeError
        where the data changed or no checkpoint can be read.
        """
        before, after = record["data"]["fingerprint"], parts.fingerprint
        if before != after:
            raise ResumeError(
                f"the data changed since the run began: fingerprint {before[:12]} then, {after[:12]} now; "
                "`--restart` trains on the data as they are"
            )
        damaged: dict[Path, str] = {}
        for path in (self.last, self.previous):
            if not path.exists():
                continue
            try:
                state = checkpoints.unpack(*checkpoints.load(path))
            except Damaged as error:
                damaged[path] = str(error)
                continue
            for broken in damaged:
                files.rotate(broken, broken.with_suffix(".damaged"))
            self.log("resumed", epoch=state.epoch, step=state.step, damaged=list(damaged.values()))
            return state
        if damaged:
            raise ResumeError("\n".join([*damaged.values(), "`--restart` trains the run again from the beginning"]))
        return None

    def save(self, state: State) -> None:
        """Write the state, the best weights where they are new, and metrics.csv."""
        if state.best_epoch[0] != self._saved_best:
            arrays = {"theta": state.best_theta, "buffers": state.best_buffers}
            checkpoints.save(self.checkpoints / "best.npz", arrays, {"epoch": int(state.best_epoch[0])})
            self._saved_best = int(state.best_epoch[0])
        files.rotate(self.last, self.previous)
        checkpoints.save(self.last, *checkpoints.pack(state))
        files.write_text(self.path / "metrics.csv", csv(state.history[0]))

    def log(self, kind: str, **details: Any) -> None:
        """Add a line to events.jsonl, once."""
        path = self.path / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        line = json.dumps({"event": kind, **details})
        if kind == "resumed" or line not in lines:
            files.write_text(path, "".join(f"{entry}\n" for entry in [*lines, line]))

    def update(self, **changes: Any) -> None:
        """Replace fields of run.json."""
        manifest.write(self.path, manifest.read(self.path) | changes)

    def clear(self) -> None:
        """Remove everything but the lock; run.json first, so that what is left counts as not begun."""
        (self.path / "run.json").unlink(missing_ok=True)
        for entry in self.path.iterdir():
            if entry.name in ("lock", "owner"):
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def csv(history: Sequence[Row]) -> str:
    """metrics.csv: numbers in the shortest form that reads back as the same number."""
    if not history:
        return ""
    columns = list(history[0])
    lines = [",".join(columns), *(",".join(repr(row[column]) for column in columns) for row in history)]
    return "\n".join(lines) + "\n"


def read_inputs(path: Path) -> tuple[Array, Array, Description]:
    """shift, scale and the description of the data that the run in this folder was trained on."""
    arrays, rest = checkpoints.load(path / "inputs.npz")
    description = Description(0, tuple(rest["shape"]), rest["targets"], tuple(rest["classes"]))
    return arrays["shift"], arrays["scale"], description

