"""The ensembles of a sweep: the members' averaged prediction, evaluated beside each member, in a folder like a run's.

run.json         as that of a run, with the members, the metrics of each, and the mean of these
resolved.yaml    the spec that the members have in common, with the seed of the ensemble

The members stay where they are: an ensemble is used with their folders beside its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.data.changes import compare_with_record
from nnexp.data.file_source import FileStamp
from nnexp.data.parts import Parts
from nnexp.data.source_files import stamp_source
from nnexp.data.splits import PART_NAMES
from nnexp.errors import Interrupted, NnexpError, RunError
from nnexp.execution.driver import StopRequest
from nnexp.prediction.ensemble import Ensemble, use_raw_inputs
from nnexp.prediction.load import load_network
from nnexp.prediction.predictor import TrainedNetwork
from nnexp.runs import known_files, manifest
from nnexp.runs.folder import LONG_HASH_DIGITS, SHORT_HASH_DIGITS, make_plain_name
from nnexp.runs.outcome import flatten_metrics
from nnexp.spec import resolved
from nnexp.spec.spec import Data, Spec
from nnexp.storage import atomic
from nnexp.storage.lock import LOCK_FILE, OWNER_FILE, lock_folder
from nnexp.sweeps.definition import settings
from nnexp.sweeps.executors.task import MAX_CACHED_DATA_SETS
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.running.folder import PLAN_LOCK_SECONDS, OutcomesByRun
from nnexp.sweeps.running.pruning import find_ended_outcome
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs

BAGGING_TRAIN_PART = "all examples that the members' resamples were drawn from"
"""What run.json says of the training part of a bagging ensemble: each member has a resample of its own."""


@dataclass(frozen=True, slots=True)
class EnsembleMembers:
    """The runs of one ensemble: those of a variant with the same seed and fold; a single run for its snapshots."""

    settings: settings.EnsembleSettings
    runs: tuple[PlannedRun, ...]

    @property
    def name(self) -> str:
        return f"{self.runs[0].plain_spec['name']}_ensemble"

    @property
    def digest(self) -> str:
        """SHA-256 of the kind and the members' specs: the identity of the ensemble."""
        specs = [_hash_planned_spec(run) for run in self.runs]
        kind = [self.settings.members, self.settings.bagging, self.settings.snapshots]
        return hashlib.sha256(json.dumps([kind, specs]).encode()).hexdigest()

    def find_folder(self, root: Path) -> Path:
        """The folder of the ensemble: its name and some digits of its hash, more if another one has these."""
        stem = make_plain_name(self.name)
        short = root / f"{stem}-{self.digest[:SHORT_HASH_DIGITS]}"
        if _is_taken(short, self.digest):
            return root / f"{stem}-{self.digest[:LONG_HASH_DIGITS]}"
        return short


def _is_taken(folder: Path, digest: str) -> bool:
    """Whether a folder holds another ensemble. A damaged one counts as free: it is made anew."""
    try:
        return (folder / "run.json").exists() and manifest.read_manifest(folder)["spec"] != digest
    except RunError:
        return False


@dataclass(frozen=True, slots=True)
class EnsembleStatus:
    """An ensemble and its state: done, waiting for its members or to be made, pruned with them, or failed."""

    members: EnsembleMembers
    run: str
    state: str
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
    error: str = ""

    def collect_metrics(self) -> dict[str, float]:
        """The metrics of the ensemble, by part and name."""
        return flatten_metrics(self.record.get("final", {}))

    def collect_member_means(self) -> dict[str, float]:
        """The mean of each metric over the members."""
        return flatten_metrics(self.record.get("members_mean", {}))

    def list_member_metrics(self) -> list[dict[str, float]]:
        """The metrics of each member."""
        return [flatten_metrics(member["final"]) for member in self.record.get("members", [])]

    def build_row(self) -> dict[str, Any]:
        """Its row of the sweep's table."""
        first = self.members.runs[0]
        row: dict[str, Any] = {"run": self.run, **first.values, "seed": first.seed}
        if first.fold is not None:
            row["fold"] = first.fold
        return {
            **row,
            "state": self.state,
            "epochs": self.record.get("epochs", 0),
            "seconds": self.record.get("seconds", 0.0),
            **self.collect_metrics(),
            "error": self.error,
        }


def group_members(runs: Iterable[PlannedRun], kind: settings.EnsembleSettings | None) -> list[EnsembleMembers]:
    """The ensembles of a plan; one of which a member is missing, as it was excluded, is left out."""
    if kind is None:
        return []
    groups: dict[tuple[str, int, int | None], list[PlannedRun]] = {}
    for run in runs:
        groups.setdefault((run.variant, run.seed, run.fold), []).append(run)
    size = 1 if kind.snapshots else kind.member_count
    return [EnsembleMembers(kind, tuple(group)) for group in groups.values() if len(group) == size]


def find_status(
    members: EnsembleMembers,
    root: Path,
    known: OutcomesByRun,
    pruned: Iterable[str] = (),
    errors: Mapping[str, str] | None = None,
) -> EnsembleStatus:
    """The status of an ensemble; `errors` are of those that could not be made, by their names."""
    path = members.find_folder(root)
    names = [run.run for run in members.runs]
    if not set(names).isdisjoint(pruned):
        return EnsembleStatus(members, path.name, "pruned")
    ended = [find_ended_outcome(known, name) for name in names]
    lost = [f"{end.run} {end.state}" for end in ended if end and end.state in ("failed", "diverged")]
    error = ", ".join(lost) or (errors or {}).get(path.name, "")
    if error:
        return EnsembleStatus(members, path.name, "failed", error=error)
    if all(ended):
        record = _read_current_record(path, members, root)
        if record:
            return EnsembleStatus(members, path.name, "done", record)
    return EnsembleStatus(members, path.name, "waiting")


def make_ensembles(
    entries: Iterable[EnsembleStatus], root: Path, base_text: str, known: OutcomesByRun, stop: StopRequest
) -> dict[str, str]:
    """Make the ensembles whose members are done, if they are missing or were made of other members.

    Returns the errors of those that could not be made, by their names. Raises Interrupted after a signal.
    """
    errors: dict[str, str] = {}
    environment: manifest.Manifest = {}
    for entry in entries:
        if entry.state != "waiting" or not all(find_ended_outcome(known, run.run) for run in entry.members.runs):
            continue
        if stop.received is not None:
            raise Interrupted("stopped; the runs are saved, and not all ensembles are made", stop.received)
        environment = environment or manifest.describe_environment()
        try:
            _make_ensemble(entry.members, root / entry.run, root, base_text, environment)
        except NnexpError as error:
            errors[entry.run] = str(error)
    return errors


def _read_current_record(path: Path, members: EnsembleMembers, root: Path) -> manifest.Manifest | None:
    """The record of the ensemble, unless it is missing or its members changed since it was made."""
    try:
        record = manifest.read_manifest(path)
        recorded = {member["run"]: member["record"] for member in record["members"]}
        current = {run.run: manifest.hash_file(root / run.run / "run.json") for run in members.runs}
    except (RunError, OSError, KeyError):
        return None
    return record if record["spec"] == members.digest and recorded == current else None


def _make_ensemble(
    members: EnsembleMembers, path: Path, root: Path, base_text: str, environment: manifest.Manifest
) -> None:
    """Evaluate the average and record it; run.json comes last, as a folder without one counts as not begun."""
    common_spec = resolved.format_spec(_build_common_spec(members, base_text))
    known_files.check_place(path, members.digest, common_spec)
    atomic.make_folder(path)
    with lock_folder(path, PLAN_LOCK_SECONDS):
        if _read_current_record(path, members, root):
            return  # another process was faster
        record = _evaluate_ensemble(members, root, base_text)
        known_files.check_beginning(path, members.digest, common_spec)
        known_files.remove_run(path, keep=(LOCK_FILE, OWNER_FILE))
        atomic.write_text(path / "resolved.yaml", common_spec)
        record["resolved"] = manifest.hash_file(path / "resolved.yaml")
        manifest.write_manifest(path, record | environment)


def _evaluate_ensemble(members: EnsembleMembers, root: Path, base_text: str) -> manifest.Manifest:
    """What run.json says of the ensemble, but for the hash of its resolved spec, which is not written yet."""
    began = manifest.utc_now()
    spec = _build_common_spec(members, base_text)
    records, networks, entries = _load_members(members, spec, root)
    parts = _prepare_shared_data(spec.data, spec.training.dtype, stamp_source(spec.data.source))
    for run, of_run in zip(members.runs, records, strict=True):
        if change := compare_with_record(spec.data.source, spec.data.split, of_run["data"]).change:
            raise RunError(f"the data changed since {run.run} was trained: {change}")
    ensemble = Ensemble(spec, networks)
    # The metrics of the average come first, then those of each member.
    metrics = {part: ensemble.evaluate_members(parts[part]) for part in PART_NAMES if len(parts[part])}
    for number, entry in enumerate(entries, start=1):
        entry["final"] = {part: rows[number] for part, rows in metrics.items()}
    record: manifest.Manifest = {
        "name": members.name,
        "state": "done",
        "kind": "ensemble",
        "seed": spec.seed,
        "spec": members.digest,
        "resolved": "",
        "data": parts.build_record(),
        "began": began,
        "ended": manifest.utc_now(),
        "ending": "averaged",
        "epochs": _sum_records(records, "epochs"),
        "steps": _sum_records(records, "steps"),
        "seconds": _sum_records(records, "seconds"),
        "weights": {"members": len(networks)},
        # Of snapshots there are more networks than runs.
        "parameters": _sum_records(records, "parameters") * len(networks) // len(records),
        "final": {part: rows[0] for part, rows in metrics.items()},
        "members_mean": {part: _average_metrics(rows[1:]) for part, rows in metrics.items()},
        "members": entries,
    }
    if members.settings.bagging:
        record["train_part"] = BAGGING_TRAIN_PART
    return record


def _load_members(
    members: EnsembleMembers, spec: Spec, root: Path
) -> tuple[list[manifest.Manifest], list[TrainedNetwork], list[dict[str, Any]]]:
    """The record of each run, each network, and the entry of each network in the ensemble's run.json."""
    snapshots = members.settings.snapshots
    epochs: Sequence[int | None] = compute_snapshot_epochs(spec, snapshots) if snapshots else (None,)
    records, networks, entries = [], [], []
    for run in members.runs:
        folder = root / run.run
        record = manifest.read_manifest(folder)
        if record["spec"] != _hash_planned_spec(run) or record["state"] != "done":
            raise RunError(f"{folder} is not the run that was planned, or is not done: it is {record['state']}")
        records.append(record)
        record_hash = manifest.hash_file(folder / "run.json")
        for epoch in epochs:
            network, weights = load_network(folder, record, epoch)
            networks.append(network)
            hashes = {"spec": record["spec"], "record": record_hash, "weights": weights}
            entries.append({"run": run.run, "snapshot": epoch, **hashes})
    return records, networks, entries


def _build_common_spec(members: EnsembleMembers, base_text: str) -> Spec:
    """The spec that the members have in common, on data that are not resampled."""
    first = members.runs[0].build_spec(base_text)
    assert isinstance(first, Spec), "the members of an ensemble are networks"
    data = first.data
    if members.settings.bagging:
        data = replace(data, split=replace(data.split, bootstrap=None))
    return replace(first, name=members.name, seed=members.runs[0].seed, data=data)


def _hash_planned_spec(run: PlannedRun) -> str:
    """The hash of a planned run's resolved spec."""
    return hashlib.sha256(json.dumps(dict(run.plain_spec), sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=MAX_CACHED_DATA_SETS)
def _prepare_shared_data(data: Data, dtype: str, stamps: tuple[FileStamp, ...]) -> Parts:
    """The data that all members are compared on, of files with these stamps."""
    return use_raw_inputs(data.prepare(dtype), data)


def _sum_records(records: Iterable[manifest.Manifest], key: str) -> Any:
    return sum(record[key] for record in records)


def _average_metrics(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
