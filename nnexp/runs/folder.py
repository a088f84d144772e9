"""The folder of a run: its name, its files, and its record from the beginning to the end.

spec.yaml, resolved.yaml    the spec as it was written, and with every default
run.json                    the run's state, data, results and environment (`nnexp.runs.manifest`)
metrics.csv                 one row an epoch (`nnexp.runs.metrics_csv`)
events.jsonl                other events: resumes, early stop, divergence
inputs.npz                  how inputs and targets are made ready, and the names of inputs and classes
checkpoints/                the state of the training, and the best weights (`nnexp.runs.checkpoints`)
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnexp import registry
from nnexp.data.changes import compare_with_record
from nnexp.data.dataset import Description
from nnexp.data.parts import Parts
from nnexp.data.shared_examples import describe_shared_examples
from nnexp.data.target_scaling import TargetScaling
from nnexp.errors import ResumeError, RunError
from nnexp.runs import checkpoints, known_files, manifest
from nnexp.runs.metrics_csv import write_metrics
from nnexp.runs.trained_before import find_trained_before
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.check import declare_network
from nnexp.storage import archive, atomic
from nnexp.storage.lock import LOCK_FILE, OWNER_FILE
from nnexp.training.state import TrainingState
from nnexp.typing import Array, Shape

MAX_NAME_CHARACTERS = 80
"""Characters of a spec's name in its folder's name; most systems take 255, and paths grow below."""

SHORT_HASH_DIGITS = 6
"""Digits of a spec's hash in its folder's name: enough to tell some thousand specs of one name apart."""

LONG_HASH_DIGITS = 16
"""Digits where the short ones would give the name of another spec's folder."""


def make_folder_name(spec: AnySpec, digits: int = SHORT_HASH_DIGITS) -> str:
    """The name of the folder of a spec's run: the spec's name and digits of its hash."""
    return f"{make_plain_name(spec.name)}-{resolved.hash_spec(spec)[:digits]}"


def make_plain_name(name: str) -> str:
    """A name in characters that every system and every shell takes in the name of a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_NAME_CHARACTERS].strip("._-") or "run"


def find_folder(spec: AnySpec, root: Path) -> Path:
    """The folder of a spec's run; with more digits of the hash where a run of another spec has the name with few."""
    short = root / make_folder_name(spec)
    if _holds_other_spec(short, spec):
        return root / make_folder_name(spec, LONG_HASH_DIGITS)
    return short


def _holds_other_spec(folder: Path, spec: AnySpec) -> bool:
    """Whether the folder is that of a run of another spec; one that cannot be read is left to the caller."""
    try:
        return bool(manifest.read_manifest(folder)["spec"] != resolved.hash_spec(spec))
    except (RunError, OSError):
        return False


class RunFolder:
    """The folder of one run, for the process that holds its lock.

    notices: what the user should know of what was found in it.
    """

    def __init__(self, spec: AnySpec, root: Path, name: str | None = None) -> None:
        self.spec, self.digest = spec, resolved.hash_spec(spec)
        self.path = root / name if name else find_folder(spec, root)
        self.last_checkpoint = checkpoints.checkpoint_path(self.path, "last")
        self.notices: list[str] = []
        self._saved_best_epoch = 0

    def begin_record(self, parts: Parts, environment: manifest.Manifest | None = None) -> None:
        """Write what the run needs and what it was made from.

        Runs that begin together are given the `environment`, which takes a while to describe.
        """
        spec, origin = self.spec, self.spec.origin
        atomic.make_folder(self.path / checkpoints.CHECKPOINT_FOLDER)
        # First, as it shows whose files the others are if the run is cut off now.
        atomic.write_text(self.path / "resolved.yaml", resolved.format_spec(spec), "file")
        atomic.write_text(self.path / "spec.yaml", origin.text if origin else resolved.format_spec(spec), "file")
        self._write_inputs(parts)
        record = self._make_record(parts, environment or manifest.describe_environment())
        trained_before = find_trained_before(spec, parts.fingerprint.digest)
        if trained_before:
            self.notices += trained_before.describe()
            record["trained_before"] = trained_before.as_dict()
        shared = describe_shared_examples(spec.data.source, spec.data.split, parts.fingerprint.digest)
        if shared:
            self.notices.append(f"{shared}: what is measured on them is too good")
        # Last, as a folder with a run.json has all that the run needs to go on.
        manifest.write_manifest(self.path, record)

    def _write_inputs(self, parts: Parts) -> None:
        """Write what a predictor needs beside the weights."""
        arrays = {"shift": parts.shift, "scale": parts.scale}
        if parts.fill is not None:
            arrays["fill"] = parts.fill
        if (scaling := parts.train.target_scaling) is not None:
            arrays |= {"target_shift": scaling.shift, "target_scale": scaling.scale}
        rest = parts.description.as_dict() | _build_array_layout(self.spec)
        checkpoints.write_archive(self.path / "inputs.npz", self.digest, arrays, rest, "file")

    def _make_record(self, parts: Parts, environment: manifest.Manifest) -> manifest.Manifest:
        """The run.json of a run that begins."""
        spec, origin = self.spec, self.spec.origin
        return {
            "name": spec.name,
            "state": "running",
            "seed": spec.seed,
            "spec": self.digest,
            "resolved": manifest.hash_file(self.path / "resolved.yaml"),
            **_build_origin_fields(spec),
            "overrides": list(origin.overrides) if origin else [],
            "data": parts.build_record(),
            "began": manifest.utc_now(),
            "ended": None,
            **environment,
        }

    def read_record(self) -> manifest.Manifest | None:
        """The run.json of the run in this folder, None where no run has begun.

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
        """Raises RunError where a run would overwrite somebody else's files; needs no lock, as it writes nothing."""
        check = known_files.check_beginning if restart else known_files.check_place
        check(self.path, self.digest, resolved.format_spec(self.spec))

    def is_read_only(self) -> bool:
        """Whether the folder exists and nothing can be written to it, not even a lock."""
        return self.path.is_dir() and not os.access(self.path, os.W_OK)

    def find_ended_record(self) -> manifest.Manifest | None:
        """The run.json of the run in this folder, if it has ended. Raises ResumeError as `read_record` does."""
        record = self.read_record()
        return record if record and record["state"] in manifest.ENDED_FIELDS else None

    def check_data(self, record: manifest.Manifest) -> None:
        """Add a notice where the data of a run that has ended are not there any more, so that nothing can be compared.

        Raises ResumeError where they are others now: the results in this folder are not theirs.
        """
        found = compare_with_record(self.spec.data.source, self.spec.data.split, record["data"])
        if found.change:
            raise ResumeError(self._describe_data_change(found.change))
        if found.unchecked:
            self.notices.append(
                f"{self.path}: whether the data are still those that it was trained on was not checked: "
                f"{found.unchecked}"
            )

    def check_fingerprint(self, record: manifest.Manifest, parts: Parts) -> None:
        """Raises ResumeError where the data that were read are not those that the run began with."""
        change = parts.fingerprint.find_difference(record["data"])
        if change:
            raise ResumeError(self._describe_data_change(change))

    def _describe_data_change(self, change: str) -> str:
        return (
            f"the data changed since the run in {self.path} began: {change}\n"
            "`nnexp train ... --restart` trains it again on the data as they are; "
            f"with another name, such as name={self.spec.name}_2, both are kept"
        )

    def restore_state(self, record: manifest.Manifest, parts: Parts) -> TrainingState | None:
        """The state to continue from, or None where nothing was saved yet.

        Raises ResumeError where the data changed or no checkpoint can be read.
        """
        self.check_fingerprint(record, parts)
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
        # Nothing was saved: the run begins again, with other weights if the run that they come from was trained anew.
        if record.get("origin") != _build_origin_fields(self.spec).get("origin"):
            raise ResumeError(
                f"the run that the weights are from changed since this one began; {manifest.RESTART_HINT}"
            )
        return None

    def save_state(self, state: TrainingState) -> None:
        """Write the state, the best weights if they are new, and metrics.csv."""
        # Before the state that names them: a state that is whole has its best weights.
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
        """Add a line to events.jsonl; what happens again after an interruption is written once, but for resumes."""
        path = self.path / "events.jsonl"
        before = atomic.read_file(path)
        line = json.dumps({"event": kind, **details}).encode()
        if kind == "resumed" or line not in before.splitlines():
            atomic.write_file(path, before + line + b"\n")

    def update_record(self, **changes: Any) -> None:
        """Replace fields of run.json."""
        manifest.write_manifest(self.path, manifest.read_manifest(self.path) | changes)

    def remove_files(self) -> None:
        """Delete the files of an earlier run here, but neither the lock nor what somebody else put here.

        Raises RunError where the run that begins would overwrite the latter.
        """
        known_files.check_beginning(self.path, self.digest, resolved.format_spec(self.spec))
        others = known_files.remove_run(self.path, keep=(LOCK_FILE, OWNER_FILE))
        if others:
            self.notices.append(known_files.describe_kept_files(self.path, others))


def _build_origin_fields(spec: AnySpec) -> dict[str, Any]:
    """Fields of run.json: the baseline, or the run that a network's first weights come from."""
    if isinstance(spec, BaselineSpec):
        return {"baseline": registry.baselines.name_of(spec.baseline)}
    return {"origin": spec.init.describe_origin()}


def _build_array_layout(spec: AnySpec) -> dict[str, list[tuple[str, Shape]]]:
    """The names and shapes of the arrays in theta and in the buffers of a network, in their order."""
    if isinstance(spec, BaselineSpec):
        return {}
    declaration = declare_network(spec)
    return {
        "weights": [(name, weight.shape) for name, weight in declaration.iterate_weights()],
        "buffers": list(declaration.iterate_buffers()),
    }


@dataclass(frozen=True, slots=True, eq=False)
class RunInputs:
    """What a predictor needs beside the weights: what the data hold, and how they were made ready for training."""

    description: Description
    shift: Array
    scale: Array
    fill: Array | None
    target_scaling: TargetScaling | None


def read_inputs(path: Path, spec: str) -> RunInputs:
    """What is known of the training data of the run in this folder, of the spec with this hash."""
    arrays, rest = archive.load_archive(path / "inputs.npz", spec)
    scaling = None
    if "target_shift" in arrays:
        scaling = TargetScaling(arrays["target_shift"], arrays["target_scale"])
    return RunInputs(Description.from_dict(rest), arrays["shift"], arrays["scale"], arrays.get("fill"), scaling)
