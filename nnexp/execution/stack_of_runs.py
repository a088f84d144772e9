"""Training several runs of one structure together, each in its ordinary folder."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError
from nnexp.execution.driver import ActiveRun, StopRequest, Watch, drive
from nnexp.execution.run import begin_or_restore_run, begin_run, record_interruptions
from nnexp.runs import manifest
from nnexp.runs.folder import RunFolder
from nnexp.runs.outcome import RunOutcome, outcome_of_run
from nnexp.runs.snapshots import find_missing_snapshots
from nnexp.spec.spec import Spec
from nnexp.storage.atomic import make_folder
from nnexp.storage.lock import FolderBusy, lock_folder
from nnexp.training.state import TrainingState
from nnexp.training.threads import limit_threads

PrepareParts = Callable[[Spec], Parts]


def train_runs(
    specs: Mapping[str, Spec],
    root: Path,
    *,
    stop: StopRequest,
    watch: Watch,
    prepare: PrepareParts,
    checkpoint_seconds: float,
    until: int | None = None,
    keep: Mapping[str, tuple[int, ...]] | None = None,
) -> list[RunOutcome]:
    """Train the runs of these specs, by the names of their folders below `root`, unless they are finished.

    With `until` they are trained to that epoch at most. `keep` has the epochs of the snapshots of each run; a run that
    was trained without them is trained again. Runs at different positions are trained one group after the other, which
    changes no bit. A run that another process is training has the outcome "busy", one that cannot be trained "failed",
    with the reason; the others are trained all the same. Raises Interrupted where `stop` asks for it; all states are
    saved then.
    """
    folders = [RunFolder(spec, root, name) for name, spec in specs.items()]
    threads = next(iter(specs.values())).training.threads
    failed: dict[Path, str] = {}
    busy: set[Path] = set()
    with limit_threads(threads), ExitStack() as locks:
        active: list[ActiveRun] = []
        environment = manifest.describe_environment()
        for folder, spec in zip(folders, specs.values(), strict=True):
            snapshot_epochs = (keep or {}).get(folder.path.name, ())
            try:
                run = _open_run(folder, spec, snapshot_epochs, locks, prepare, environment, busy)
            except NnexpError as error:
                failed[folder.path] = str(error)
                continue
            if run:
                active.append(run)
        for group in _group_by_position(active):
            failed |= _train_group(group, stop, watch, checkpoint_seconds, until)
    outcomes = []
    for folder in folders:
        if folder.path in failed:
            outcomes.append(RunOutcome(folder.path.name, "failed", error=failed[folder.path]))
        elif folder.path in busy:
            outcomes.append(RunOutcome(folder.path.name, "busy"))
        else:
            outcomes.append(outcome_of_run(folder.path, until))
    return outcomes


def _open_run(
    folder: RunFolder,
    spec: Spec,
    snapshot_epochs: tuple[int, ...],
    locks: ExitStack,
    prepare: PrepareParts,
    environment: manifest.Manifest,
    busy: set[Path],
) -> ActiveRun | None:
    """Lock the folder, and begin or continue the run; None where it has ended or another process trains it."""
    if _has_run_ended(folder, snapshot_epochs):
        return None
    folder.check_place()
    make_folder(folder.path)
    with ExitStack() as own_lock:
        try:
            own_lock.enter_context(lock_folder(folder.path, patience=0))
        except FolderBusy:
            busy.add(folder.path)
            return None
        # Again, as another process may have finished it before the lock was free.
        if _has_run_ended(folder, snapshot_epochs):
            return None
        parts = prepare(spec)
        state = _restore_or_restart(folder, folder.read_record(), snapshot_epochs, parts, environment)
        # Where nothing was raised, the lock is kept until all runs are trained.
        locks.push(own_lock.pop_all())
    return ActiveRun(folder, spec, parts, state, snapshot_epochs)


def _has_run_ended(folder: RunFolder, snapshot_epochs: tuple[int, ...]) -> bool:
    """Whether nothing is left to train. Raises ResumeError where the run was trained on other data than there are."""
    record = folder.find_ended_record()
    if record is None or not _has_all_snapshots(folder.path, snapshot_epochs):
        return False
    folder.check_data(record)
    return True


def _has_all_snapshots(path: Path, snapshot_epochs: tuple[int, ...]) -> bool:
    """Whether a run that has ended has all its snapshots; one that diverged needs none."""
    if not snapshot_epochs:
        return True
    record = manifest.read_manifest(path)
    return record["state"] != "done" or not find_missing_snapshots(path, snapshot_epochs, record["epochs"])


def _restore_or_restart(
    folder: RunFolder,
    record: manifest.Manifest | None,
    snapshot_epochs: tuple[int, ...],
    parts: Parts,
    environment: manifest.Manifest,
) -> TrainingState | None:
    """The state to go on from; None at the beginning.

    A run that was trained without its snapshots begins again, and comes to the same bits.
    """
    if record is None or record["state"] not in manifest.ENDED_FIELDS:
        state = begin_or_restore_run(folder, record, parts, environment)
        if record is None or state is None or not find_missing_snapshots(folder.path, snapshot_epochs, state.epoch):
            return state
    folder.check_fingerprint(record, parts)
    begin_run(folder, parts, environment)
    folder.log_event("begun_again", reason="it had been trained without snapshots")
    return None


def _group_by_position(runs: Iterable[ActiveRun]) -> list[list[ActiveRun]]:
    """The runs with the same position, group by group."""
    groups: dict[tuple[int, int], list[ActiveRun]] = {}
    for run in runs:
        groups.setdefault(run.position, []).append(run)
    return list(groups.values())


def _train_group(
    group: Sequence[ActiveRun], stop: StopRequest, watch: Watch, checkpoint_seconds: float, until: int | None
) -> dict[Path, str]:
    """Train a group, and where that fails each run alone; gives the error of each run that failed."""
    try:
        with ExitStack() as records:
            for run in group:
                records.enter_context(record_interruptions(run.folder))
            drive(group, stop, watch, checkpoint_seconds, until)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a result of these runs, and not the sweep's end
        if len(group) == 1:
            text = str(error) if isinstance(error, NnexpError) else traceback.format_exc()
            return {group[0].folder.path: text}
    else:
        return {}
    failed: dict[Path, str] = {}
    for run in group:
        try:
            single = _reopen_run(run)
        except NnexpError as error:
            failed[run.folder.path] = str(error)
            continue
        if single:
            failed |= _train_group([single], stop, watch, checkpoint_seconds, until)
    return failed


def _reopen_run(run: ActiveRun) -> ActiveRun | None:
    """A run of a group that failed, with the last state in its folder; None where the run has ended already."""
    folder = RunFolder(run.spec, run.folder.path.parent, run.folder.path.name)
    record = folder.read_record()
    if record is None or (record["state"] in manifest.ENDED_FIELDS and record["state"] != "failed"):
        return None
    return replace(run, folder=folder, state=begin_or_restore_run(folder, record, run.parts))
