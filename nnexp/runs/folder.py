"""One run's folder: where its files are, and the record that is kept there.

spec.yaml, resolved.yaml    what was asked for, as written and with every default
run.json                    how it stands (`nnexp.runs.manifest`)
metrics.csv                 one row an epoch
events.jsonl                what happened besides: resumes, early stop, divergence
inputs.npz                  what inputs are filled in and normalised with, and the names of inputs and classes
checkpoints/                last.npz, previous.npz, best.npz
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnexp import archives, files, registry
from nnexp.archives import Damaged
from nnexp.data.base import Description
from nnexp.data.parts import Parts
from nnexp.errors import ResumeError, RunError
from nnexp.runs import checkpoints, known_files, manifest
from nnexp.runs.lock import LOCK, OWNER
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.meaning import declaration_of
from nnexp.training.state import State
from nnexp.typing import Array, Row, Shape

LONGEST = 80
"""Characters of a spec's name that its folder's name keeps."""


SHORT, LONG = 6, 16
"""Digits of a spec's hash in its folder's name: the second where the first would give the name of another's."""


def name_of(spec: AnySpec, digits: int = SHORT) -> str:
    """The name of the folder of the run that a spec stands for: its own name and digits of its hash."""
    return f"{plain_name(spec.name)}-{resolved.digest(spec)[:digits]}"


def plain_name(name: str) -> str:
    """A name as part of a folder's, in letters that every system and every shell takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:LONGEST].strip("._-") or "run"


def folder_of(spec: AnySpec, root: Path) -> Path:
    """The folder of the run that a spec stands for; with more digits where one with few is another's."""
    short = root / name_of(spec)
    try:
        taken = manifest.read(short)["spec"] != resolved.digest(spec) if (short / "run.json").exists() else False
    except (RunError, OSError):
        taken = False
    return root / name_of(spec, LONG) if taken else short


class RunFolder:
    """The record of one run, for the process that holds the folder's lock."""

    def __init__(self, spec: AnySpec, root: Path, name: str | None = None) -> None:
        self.spec, self.digest = spec, resolved.digest(spec)
        self.path = root / name if name else folder_of(spec, root)
        self.checkpoints = self.path / known_files.CHECKPOINTS
        self.last, self.previous = self.checkpoints / "last.npz", self.checkpoints / "previous.npz"
        self.notices: list[str] = []
        self._saved_best = 0

    def begin(self, parts: Parts, environment: manifest.Manifest | None = None) -> None:
        """Write down what is asked for; run.json last, so that a folder without one has not begun.

        Where several runs begin together, the environment is found out once for all of them.
        """
        spec, origin = self.spec, self.spec.origin
        files.make_folder(self.checkpoints)
        # First, as it shows of a run that is cut off now whose files the others are.
        files.write_text(self.path / "resolved.yaml", resolved.text(spec), "file")
        files.write_text(self.path / "spec.yaml", origin.text if origin else resolved.text(spec), "file")
        checkpoints.save(
            self.path / "inputs.npz",
            self.digest,
            {"shift": parts.shift, "scale": parts.scale, **({} if parts.fill is None else {"fill": parts.fill})},
            {
                **parts.description.as_dict(),
                **_layout(spec),
            },
            "file",
        )
        record = {
            "name": spec.name,
            "state": "running",
            "seed": spec.seed,
            "spec": self.digest,
            "resolved": manifest.fingerprint(self.path / "resolved.yaml"),
            **_about(spec),
            "overrides": list(origin.overrides) if origin else [],
            "data": {
                **parts.fingerprint.as_dict(),
                "examples": {p: len(parts[p]) for p in ("train", "dev", "test")},
            },
            "began": manifest.now(),
            "ended": None,
            **(environment or manifest.environment()),
        }
        manifest.write(self.path, record)

    def record(self) -> manifest.Manifest | None:
        """The manifest of the run that was begun here, or None where none was.

        Raises ResumeError where it cannot be read, or is not of this spec.
        """
        if not (self.path / "run.json").exists():
            return None
        try:
            record = manifest.read(self.path)
        except RunError as error:
            raise ResumeError(f"{error}; {manifest.RESTART}") from None
        if record["spec"] != self.digest:
            raise ResumeError(f"{self.path} holds the run of another spec; give this one another name")
        manifest.check_resolved(self.path, record)
        return record

    def check_place(self, *, restart: bool = False) -> None:
        """Before even the lock is taken: raises RunError where somebody else's files are in the way of a run's."""
        check = known_files.check_beginning if restart else known_files.check_place
        check(self.path, self.digest, resolved.text(self.spec))

    def is_read_only(self) -> bool:
        """Whether the folder is there and nothing can be written to it, not even a lock."""
        return self.path.is_dir() and not os.access(self.path, os.W_OK)

    def has_ended(self) -> bool:
        """Whether there is nothing left to do here. Raises ResumeError as `record` does."""
        record = self.record()
        return record is not None and record["state"] in manifest.ENDED

    def restore(self, record: manifest.Manifest, parts: Parts) -> State | None:
        """The state to continue from, or None where nothing was saved yet.

        Where the last checkpoint is damaged the one before it serves: it leads to the same bits. Raises ResumeError
        where the data changed or no checkpoint can be read.
        """
        if changed := parts.fingerprint.differs(record["data"]):
            raise ResumeError(
                f"the data changed since the run began: {changed}; `--restart` trains on the data as they are"
            )
        damaged: dict[Path, str] = {}
        for path in (self.last, self.previous):
            if not path.exists():
                continue
            try:
                state = checkpoints.unpack(*archives.load(path, self.digest))
            except Damaged as error:
                damaged[path] = str(error)
                continue
            for broken in damaged:
                files.rotate(broken, broken.with_suffix(".damaged"))
            self.log("resumed", epoch=state.epoch, step=state.step, damaged=list(damaged.values()))
            self.notices += [
                f"{problem}; going on from the one before, to the same result" for problem in damaged.values()
            ]
            return state
        if damaged:
            raise ResumeError("\n".join([*damaged.values(), manifest.RESTART]))
        if record.get("origin") != _about(self.spec).get("origin"):
            raise ResumeError(f"the run that the weights are from changed since this one began; {manifest.RESTART}")
        return None

    def save(self, state: State) -> None:
        """Write the state, the best weights where they are new, and metrics.csv."""
        if state.best_epoch[0] != self._saved_best:
            arrays = {"theta": state.best_theta, "buffers": state.best_buffers}
            epoch = int(state.best_epoch[0])
            checkpoints.save(self.checkpoints / "best.npz", self.digest, arrays, {"epoch": epoch}, "file")
            self._saved_best = epoch
        files.rotate(self.last, self.previous)
        checkpoints.save(self.last, self.digest, *checkpoints.pack(state))
        files.write_text(self.path / "metrics.csv", csv(state.history[0]), "file")

    def log(self, kind: str, **details: Any) -> None:
        """Add a line to events.jsonl, once."""
        path = self.path / "events.jsonl"
        before = files.read(path)
        line = json.dumps({"event": kind, **details}).encode()
        if kind == "resumed" or line not in before.splitlines():
            files.write(path, before + line + b"\n")

    def update(self, **changes: Any) -> None:
        """Replace fields of run.json."""
        manifest.write(self.path, manifest.read(self.path) | changes)

    def clear(self) -> None:
        """Delete the files of the run that was here, but not the lock; what somebody else put here stays.

        Raises RunError where that would be in the way of the run that begins.
        """
        known_files.check_beginning(self.path, self.digest, resolved.text(self.spec))
        if others := known_files.remove_run(self.path, keep=(LOCK, OWNER)):
            self.notices.append(known_files.kept_in_words(self.path, others))


def _about(spec: AnySpec) -> dict[str, Any]:
    """What run.json says of a baseline, or of the weights that a network begins with."""
    if isinstance(spec, BaselineSpec):
        return {"baseline": registry.baselines.name_of(spec.baseline)}
    return {"origin": spec.init.origin()}


def _layout(spec: AnySpec) -> dict[str, list[tuple[str, Shape]]]:
    """The names and shapes of what theta and the buffers of a network hold, in their order."""
    if isinstance(spec, BaselineSpec):
        return {}
    declaration = declaration_of(spec)
    return {
        "weights": [(name, weight.shape) for name, weight in declaration.entries()],
        "buffers": list(declaration.buffer_entries()),
    }


def csv(history: Sequence[Row]) -> str:
    """metrics.csv: numbers in the shortest form that reads back as the same number."""
    if not history:
        return ""
    columns = list(history[0])
    lines = [",".join(columns), *(",".join(repr(row[column]) for column in columns) for row in history)]
    return "\n".join(lines) + "\n"


def read_inputs(path: Path, spec: str) -> tuple[Array, Array, Description, Array | None]:
    """shift, scale, description and fill of the data that the run in this folder, of this spec, was trained on."""
    arrays, rest = archives.load(path / "inputs.npz", spec)
    return arrays["shift"], arrays["scale"], Description.from_dict(rest), arrays.get("fill")
