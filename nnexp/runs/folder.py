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
from pathlib import Path
from typing import Any

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.data.parts import Parts
from nnexp.errors import ResumeError, RunError
from nnexp.runs import checkpoints, known_files, manifest
from nnexp.runs.metrics_csv import write_metrics
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.check import declare_network
from nnexp.storage import archive, atomic
from nnexp.storage.lock import LOCK_FILE, OWNER_FILE
from nnexp.training.state import TrainingState
from nnexp.typing import Array, Shape

MAX_NAME_CHARACTERS = 80
"""Characters of a spec's name that its folder's name keeps."""


SHORT_HASH_DIGITS, LONG_HASH_DIGITS = 6, 16
"""Digits of a spec's hash in its folder's name: the second where the first would give the name of another's."""


def make_folder_name(spec: AnySpec, digits: int = SHORT_HASH_DIGITS) -> str:
    """The name of the folder of the run that a spec stands for: its own name and digits of its hash."""
    return f"{make_plain_name(spec.name)}-{resolved.hash_spec(spec)[:digits]}"


def make_plain_name(name: str) -> str:
    """A name as part of a folder's, in letters that every system and every shell takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_NAME_CHARACTERS].strip("._-") or "run"


def find_folder(spec: AnySpec, root: Path) -> Path:
    """The folder of the run that a spec stands for; with more digits where one with few is another's."""
    short = root / make_folder_name(spec)
    try:
        taken = (
            manifest.read_manifest(short)["spec"] != resolved.hash_spec(spec)
            if (short / "run.json").exists()
            else False
        )
    except (RunError, OSError):
        taken = False
    return root / make_folder_name(spec, LONG_HASH_DIGITS) if taken else short


class RunFolder:
    """The record of one run, for the process that holds the folder's lock."""

    def __init__(self, spec: AnySpec, root: Path, name: str | None = None) -> None:
        self.spec, self.digest = spec, resolved.hash_spec(spec)
        self.path = root / name if name else find_folder(spec, root)
        self.last_checkpoint = checkpoints.checkpoint_path(self.path, "last")
        self.notices: list[str] = []
        self._saved_best_epoch = 0

    def begin_record(self, parts: Parts, environment: manifest.Manifest | None = None) -> None:
        """Write down what is asked for; run.json last, so that a folder without one has not begun.

        Where several runs begin together, the environment is found out once for all of them.
        """
        spec, origin = self.spec, self.spec.origin
        atomic.make_folder(self.path / checkpoints.CHECKPOINT_FOLDER)
        # First, as it shows of a run that is cut off now whose files the others are.
        atomic.write_text(self.path / "resolved.yaml", resolved.format_spec(spec), "file")
        atomic.write_text(self.path / "spec.yaml", origin.text if origin else resolved.format_spec(spec), "file")
        checkpoints.write_archive(
            self.path / "inputs.npz",
            self.digest,
            {"shift": parts.shift, "scale": parts.scale, **({} if parts.fill is None else {"fill": parts.fill})},
            {
                **parts.description.as_dict(),
                **_build_array_layout(spec),
            },
            "file",
        )
        record = {
            "name": spec.name,
            "state": "running",
            "seed": spec.seed,
            "spec": self.digest,
            "resolved": manifest.hash_file(self.path / "resolved.yaml"),
            **_build_origin_fields(spec),
            "overrides": list(origin.overrides) if origin else [],
            "data": {
                **parts.fingerprint.as_dict(),
                "examples": {p: len(parts[p]) for p in ("train", "dev", "test")},
            },
            "began": manifest.utc_now(),
            "ended": None,
            **(environment or manifest.describe_environment()),
        }
        manifest.write_manifest(self.path, record)

    def read_record(self) -> manifest.Manifest | None:
        """The manifest of the run that was begun here, or None where none was.

        Raises ResumeError where it cannot be read, or is not of this spec.
        """
        if not (self.path / "run.json").exists():
            return None
        try:
            record = manifest.read_manifest(self.path)
        except RunError as error:
            raise ResumeError(f"{error}; {manifest.RESTART_HINT}") from None
        if record["spec"] != self.digest:
            raise ResumeError(f"{self.path} holds the run of another spec; give this one another name")
        manifest.check_resolved(self.path, record)
        return record

    def check_place(self, *, restart: bool = False) -> None:
        """Before even the lock is taken: raises RunError where somebody else's files are in the way of a run's."""
        check = known_files.check_beginning if restart else known_files.check_place
        check(self.path, self.digest, resolved.format_spec(self.spec))

    def is_read_only(self) -> bool:
        """Whether the folder is there and nothing can be written to it, not even a lock."""
        return self.path.is_dir() and not os.access(self.path, os.W_OK)

    def has_ended(self) -> bool:
        """Whether there is nothing left to do here. Raises ResumeError as `read_record` does."""
        record = self.read_record()
        return record is not None and record["state"] in manifest.ENDED_FIELDS

    def restore_state(self, record: manifest.Manifest, parts: Parts) -> TrainingState | None:
        """The state to continue from, or None where nothing was saved yet.

        Where the last checkpoint is damaged the one before it serves: it leads to the same bits. Raises ResumeError
        where the data changed or no checkpoint can be read.
        """
        if changed := parts.fingerprint.find_difference(record["data"]):
            raise ResumeError(
                f"the data changed since the run began: {changed}; `--restart` trains on the data as they are"
            )
        search = checkpoints.find_newest(self.path, self.digest)
        problems = list(map(str, search.damaged.values()))
        if search.newest:
            state = checkpoints.unpack_state(*search.newest)
            # Moved aside, or the next state would take a damaged checkpoint for the one before it.
            for path in search.damaged:
                atomic.rotate_file(path, path.with_suffix(".damaged"))
            self.log_event("resumed", epoch=state.epoch, step=state.step, damaged=problems)
            self.notices += [f"{problem}; going on from the one before, to the same result" for problem in problems]
            return state
        if problems:
            raise ResumeError("\n".join([*problems, manifest.RESTART_HINT]))
        # Nothing was saved: the run would begin again, and with other weights if these were trained anew.
        if record.get("origin") != _build_origin_fields(self.spec).get("origin"):
            raise ResumeError(
                f"the run that the weights are from changed since this one began; {manifest.RESTART_HINT}"
            )
        return None

    def save_state(self, state: TrainingState) -> None:
        """Write the state, the best weights where they are new, and metrics.csv."""
        if state.best_epoch[0] != self._saved_best_epoch:
            arrays = {"theta": state.best_theta, "buffers": state.best_buffers}
            epoch = int(state.best_epoch[0])
            path = checkpoints.checkpoint_path(self.path, "best")
            checkpoints.write_archive(path, self.digest, arrays, {"epoch": epoch}, "file")
            self._saved_best_epoch = epoch
        atomic.rotate_file(self.last_checkpoint, checkpoints.checkpoint_path(self.path, "previous"))
        checkpoints.write_archive(self.last_checkpoint, self.digest, *checkpoints.pack_state(state))
        write_metrics(self.path, state.history[0], "file")

    def log_event(self, kind: str, **details: Any) -> None:
        """Add a line to events.jsonl, once."""
        path = self.path / "events.jsonl"
        before = atomic.read_file(path)
        line = json.dumps({"event": kind, **details}).encode()
        if kind == "resumed" or line not in before.splitlines():
            atomic.write_file(path, before + line + b"\n")

    def update_record(self, **changes: Any) -> None:
        """Replace fields of run.json."""
        manifest.write_manifest(self.path, manifest.read_manifest(self.path) | changes)

    def remove_files(self) -> None:
        """Delete the files of the run that was here, but not the lock; what somebody else put here stays.

        Raises RunError where that would be in the way of the run that begins.
        """
        known_files.check_beginning(self.path, self.digest, resolved.format_spec(self.spec))
        if others := known_files.remove_run(self.path, keep=(LOCK_FILE, OWNER_FILE)):
            self.notices.append(known_files.kept_in_words(self.path, others))


def _build_origin_fields(spec: AnySpec) -> dict[str, Any]:
    """What run.json says of a baseline, or of the weights that a network begins with."""
    if isinstance(spec, BaselineSpec):
        return {"baseline": registry.baselines.name_of(spec.baseline)}
    return {"origin": spec.init.describe_origin()}


def _build_array_layout(spec: AnySpec) -> dict[str, list[tuple[str, Shape]]]:
    """The names and shapes of what theta and the buffers of a network hold, in their order."""
    if isinstance(spec, BaselineSpec):
        return {}
    declaration = declare_network(spec)
    return {
        "weights": [(name, weight.shape) for name, weight in declaration.iterate_weights()],
        "buffers": list(declaration.iterate_buffers()),
    }


def read_inputs(path: Path, spec: str) -> tuple[Array, Array, Description, Array | None]:
    """shift, scale, description and fill of the data that the run in this folder, of this spec, was trained on."""
    arrays, rest = archive.load_archive(path / "inputs.npz", spec)
    return arrays["shift"], arrays["scale"], Description.from_dict(rest), arrays.get("fill")
