"""The ensembles of a sweep: the members' averaged prediction, measured beside each member, in a folder like a run's.

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

from nnexp.data.parts import Parts, prepare_parts
from nnexp.data.splits import PART_NAMES
from nnexp.errors import Interrupted, NnexpError, RunError
from nnexp.execution.driver import StopRequest
from nnexp.prediction.ensemble import Ensemble, use_raw_inputs
from nnexp.prediction.load import load_network
from nnexp.prediction.predictor import TrainedNetwork
from nnexp.runs import known_files, manifest
from nnexp.runs.folder import LONG_HASH_DIGITS, SHORT_HASH_DIGITS, make_plain_name
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
"""What the training part of a bagging ensemble is, which its members have each in a version of their own."""


@dataclass(frozen=True, slots=True)
class EnsembleMembers:
    """The runs of one ensemble: a variant's with the same seed, in the same fold; one run where its snapshots are."""

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
        """Where the ensemble is: its name and digits of its hash; more of them where few are another's."""
        stem = make_plain_name(self.name)
        short = root / f"{stem}-{self.digest[:SHORT_HASH_DIGITS]}"
        try:
            taken = (short / "run.json").exists() and manifest.read_manifest(short)["spec"] != self.digest
        except RunError:
            taken = False
        return root / f"{stem}-{self.digest[:LONG_HASH_DIGITS]}" if taken else short


@dataclass(frozen=True, slots=True)
class EnsembleStatus:
    """An ensemble and how it stands: done, waiting for its members or to be made, pruned with them, or failed."""

    members: EnsembleMembers
    run: str
    state: str
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
    error: str = ""

    def collect_metrics(self) -> dict[str, float]:
        """Its own, by part and name."""
        return _flatten_metrics(self.record.get("final", {}))

    def collect_member_means(self) -> dict[str, float]:
        """The means of the members'."""
        return _flatten_metrics(self.record.get("members_mean", {}))

    def list_member_metrics(self) -> list[dict[str, float]]:
        """Those of each member."""
        return [_flatten_metrics(member["final"]) for member in self.record.get("members", [])]

    def build_row(self) -> dict[str, Any]:
        """Its line of the sweep's table."""
        first = self.members.runs[0]
        place = {"seed": first.seed} if first.fold is None else {"seed": first.seed, "fold": first.fold}
        about = {"epochs": self.record.get("epochs", 0), "seconds": self.record.get("seconds", 0.0)}
        found = {"run": self.run, **first.values, **place, "state": self.state, **about, **self.collect_metrics()}
        return {**found, "error": self.error}


def group_members(runs: Iterable[PlannedRun], kind: settings.EnsembleSettings | None) -> list[EnsembleMembers]:
    """The ensembles of a plan that it has all members of."""
    if kind is None:
        return []
    found: dict[tuple[str, int, int | None], list[PlannedRun]] = {}
    for run in runs:
        found.setdefault((run.variant, run.seed, run.fold), []).append(run)
    size = 1 if kind.snapshots else kind.member_count
    return [EnsembleMembers(kind, tuple(group)) for group in found.values() if len(group) == size]


def find_status(
    members: EnsembleMembers,
    root: Path,
    known: OutcomesByRun,
    pruned: Iterable[str] = (),
    failed: Mapping[str, str] | None = None,
) -> EnsembleStatus:
    """How an ensemble stands; `failed` says why some could not be made."""
    path, runs = members.find_folder(root), [run.run for run in members.runs]
    states = {run: receipt.state if (receipt := find_ended_outcome(known, run)) else "waiting" for run in runs}
    if set(runs) & set(pruned):
        return EnsembleStatus(members, path.name, "pruned")
    if lost := [f"{run} {state}" for run, state in states.items() if state in ("failed", "diverged")]:
        return EnsembleStatus(members, path.name, "failed", error=", ".join(lost))
    if failed and path.name in failed:
        return EnsembleStatus(members, path.name, "failed", error=failed[path.name])
    record = _read_current_record(path, members, root) if set(states.values()) == {"done"} else None
    return (
        EnsembleStatus(members, path.name, "done", record) if record else EnsembleStatus(members, path.name, "waiting")
    )


def make_ensembles(
    waiting: Iterable[EnsembleStatus], root: Path, base_text: str, known: OutcomesByRun, stop: StopRequest
) -> dict[str, str]:
    """Make the ensembles whose members are done and that are not there, or were made of other members.

    Gives why it could not be done, by the names of the ensembles. Raises Interrupted where that was asked for.
    """
    failed: dict[str, str] = {}
    environment: manifest.Manifest = {}
    for entry in waiting:
        if entry.state != "waiting" or not all(find_ended_outcome(known, run.run) for run in entry.members.runs):
            continue
        if stop.received is not None:
            raise Interrupted("stopped; the runs are saved, and not all ensembles are made", stop.received)
        environment = environment or manifest.describe_environment()
        try:
            _make_ensemble(entry.members, root / entry.run, root, base_text, environment)
        except NnexpError as error:
            failed[entry.run] = str(error)
    return failed


def _read_current_record(path: Path, members: EnsembleMembers, root: Path) -> manifest.Manifest | None:
    """The record of the ensemble where it is there and its members are as they were when it was made."""
    try:
        record = manifest.read_manifest(path)
        made = {member["run"]: member["record"] for member in record["members"]}
        now = {run.run: manifest.hash_file(root / run.run / "run.json") for run in members.runs}
    except (RunError, OSError, KeyError):
        return None
    return record if record["spec"] == members.digest and made == now else None


def _make_ensemble(
    members: EnsembleMembers, path: Path, root: Path, base_text: str, environment: manifest.Manifest
) -> None:
    """Measure the average and write it down, run.json last, so that a folder without one has not begun."""
    known_files.check_place(path, members.digest, resolved.format_spec(_spec_of(members, base_text)))
    atomic.make_folder(path)
    with lock_folder(path, PLAN_LOCK_SECONDS):
        if _read_current_record(path, members, root):
            return  # another process was faster
        began = manifest.utc_now()
        spec, records, networks, parts_of = _collect_members(members, root, base_text)
        ensemble, parts = Ensemble(spec, networks), _prepare_shared_data(spec.data, spec.training.dtype)
        compared = {part: ensemble.evaluate_members(parts[part]) for part in PART_NAMES if len(parts[part])}
        for number, member in enumerate(parts_of, start=1):
            member["final"] = {part: rows[number] for part, rows in compared.items()}
        known_files.check_beginning(path, members.digest, resolved.format_spec(spec))
        known_files.remove_run(path, keep=(LOCK_FILE, OWNER_FILE))
        atomic.write_text(path / "resolved.yaml", resolved.format_spec(spec))
        manifest.write_manifest(
            path,
            {
                "name": members.name,
                "state": "done",
                "kind": "ensemble",
                "seed": spec.seed,
                "spec": members.digest,
                "resolved": manifest.hash_file(path / "resolved.yaml"),
                "data": {**parts.fingerprint.as_dict(), "examples": {part: len(parts[part]) for part in PART_NAMES}},
                "began": began,
                "ended": manifest.utc_now(),
                "ending": "averaged",
                **{total: sum(record[total] for record in records) for total in ("epochs", "steps", "seconds")},
                "weights": {"members": len(networks)},
                "parameters": sum(record["parameters"] for record in records) * len(networks) // len(records),
                "final": {part: rows[0] for part, rows in compared.items()},
                "members_mean": {part: _average_metrics(rows[1:]) for part, rows in compared.items()},
                "members": parts_of,
                **({"train_part": BAGGING_TRAIN_PART} if members.settings.bagging else {}),
                **environment,
            },
        )


def _collect_members(
    members: EnsembleMembers, root: Path, base_text: str
) -> tuple[Spec, list[manifest.Manifest], list[TrainedNetwork], list[dict[str, Any]]]:
    """What the members have in common, the record of each run, each network, and what is noted of it."""
    spec, snapshots = _spec_of(members, base_text), members.settings.snapshots
    epochs: Sequence[int | None] = compute_snapshot_epochs(spec, snapshots) if snapshots else (None,)
    records, networks, noted = [], [], []
    for run in members.runs:
        folder = root / run.run
        record = manifest.read_manifest(folder)
        if record["spec"] != _hash_planned_spec(run) or record["state"] != "done":
            raise RunError(f"{folder} is not the run that was planned, or is not done: it is {record['state']}")
        records.append(record)
        for epoch in epochs:
            network, weights = load_network(folder, record, epoch)
            networks.append(network)
            about = {"spec": record["spec"], "record": manifest.hash_file(folder / "run.json"), "weights": weights}
            noted.append({"run": run.run, "snapshot": epoch, **about})
    return spec, records, networks, noted


def _spec_of(members: EnsembleMembers, base_text: str) -> Spec:
    """The spec that the members have in common."""
    first = members.runs[0].build_spec(base_text)
    assert isinstance(first, Spec), "the members of an ensemble are networks"
    split = replace(first.data.split, bootstrap=None) if members.settings.bagging else first.data.split
    return replace(first, name=members.name, seed=members.runs[0].seed, data=replace(first.data, split=split))


def _hash_planned_spec(run: PlannedRun) -> str:
    """The hash of a planned run's resolved spec."""
    return hashlib.sha256(json.dumps(dict(run.plain_spec), sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=MAX_CACHED_DATA_SETS)
def _prepare_shared_data(data: Data, dtype: str) -> Parts:
    """The data that all members are compared on."""
    return use_raw_inputs(prepare_parts(data.source, data.split, data.normalize, dtype, data.targets), data)


def _average_metrics(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def _flatten_metrics(parts: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {f"{part}_{name}": value for part, values in parts.items() for name, value in values.items()}
