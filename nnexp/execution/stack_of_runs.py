"""Training several runs of one structure together, each in its ordinary folder."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError, ResumeError
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
    """Train the runs of these specs, by the names of their folders below `root`, as far as they are not trained yet.

    With `until` they are trained to that epoch at most; `keep` says after which epochs the weights of each are kept as
    snapshots, and a run that was trained without them is trained again. Runs that stand at different places are trained
    one group after the other, which changes no bit. One that another process is writing is left to it: its receipt says
    "busy". One that cannot be trained does not keep the others from it: its receipt says "failed", and why. Raises
    Interrupted where `stop` asks for it; all states are saved then.
    """
    folders = [RunFolder(spec, root, name) for name, spec in specs.items()]
    threads = next(iter(specs.values())).training.threads
    failed: dict[Path, str] = {}
    busy: set[Path] = set()
    with limit_threads(threads), ExitStack() as held:
        begun: list[ActiveRun] = []
        environment = manifest.describe_environment()
        for folder, spec in zip(folders, specs.values(), strict=True):
            try:
                kept = (keep or {}).get(folder.path.name, ())
                run = _open_run(folder, spec, kept, held, prepare, environment, busy)
            except NnexpError as error:
                failed[folder.path] = str(error)
            else:
                begun += [run] if run else []
        for group in _group_by_position(begun):
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
    keep: tuple[int, ...],
    held: ExitStack,
    prepare: PrepareParts,
    environment: manifest.Manifest,
    busy: set[Path],
) -> ActiveRun | None:
    """Take the folder's lock and begin the run, or go on with it; None where it has ended or another has the lock."""
    if folder.has_ended() and _has_all_snapshots(folder.path, keep):
        return None
    folder.check_place()
    make_folder(folder.path)
    with ExitStack() as own:
        try:
            own.enter_context(lock_folder(folder.path, patience=0))
        except FolderBusy:
            busy.add(folder.path)
            return None
        record = folder.read_record()
        if record and record["state"] in manifest.ENDED_FIELDS and _has_all_snapshots(folder.path, keep):
            return None
        parts = prepare(spec)
        state = _restore_or_restart(folder, record, keep, parts, environment)
        held.push(own.pop_all())
    return ActiveRun(folder, spec, parts, state, keep)


def _has_all_snapshots(path: Path, keep: tuple[int, ...]) -> bool:
    """Whether a run that has ended has all its snapshots; one that diverged needs none."""
    if not keep:
        return True
    record = manifest.read_manifest(path)
    return record["state"] != "done" or not find_missing_snapshots(path, keep, record["epochs"])


def _restore_or_restart(
    folder: RunFolder,
    record: manifest.Manifest | None,
    keep: tuple[int, ...],
    parts: Parts,
    environment: manifest.Manifest,
) -> TrainingState | None:
    """The state to go on from; None at the beginning, to which a run goes back that was trained without its snapshots.

    It comes to the same bits then.
    """
    if record is None or record["state"] not in manifest.ENDED_FIELDS:
        state = begin_or_restore_run(folder, record, parts, environment)
        if record is None or state is None or not find_missing_snapshots(folder.path, keep, state.epoch):
            return state
    if changed := parts.fingerprint.find_difference(record["data"]):
        raise ResumeError(f"the data changed since the run began: {changed}; {manifest.RESTART_HINT}")
    begin_run(folder, parts, environment)
    folder.log_event("begun_again", reason="it had been trained without snapshots")
    return None


def _group_by_position(runs: Iterable[ActiveRun]) -> list[list[ActiveRun]]:
    """The runs that stand at the same place, group by group."""
    groups: dict[tuple[int, int], list[ActiveRun]] = {}
    for run in runs:
        groups.setdefault(run.position, []).append(run)
    return list(groups.values())


def _train_group(
    group: Sequence[ActiveRun], stop: StopRequest, watch: Watch, checkpoint_seconds: float, until: int | None
) -> dict[Path, str]:
    """Train a group; where that fails, each run by itself, so that one does not take the others with it."""
    try:
        with ExitStack() as records:
            for run in group:
                records.enter_context(record_interruptions(run.folder))
            drive(group, stop, watch, checkpoint_seconds, until)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a result of these runs, and not the sweep's end
        if len(group) == 1:
            said = str(error) if isinstance(error, NnexpError) else traceback.format_exc()
            return {group[0].folder.path: said}
        failed: dict[Path, str] = {}
        for run in group:
            try:
                again = _reopen_run(run)
            except NnexpError as refused:
                failed[run.folder.path] = str(refused)
            else:
                failed |= _train_group([again], stop, watch, checkpoint_seconds, until) if again else {}
        return failed
    return {}


def _reopen_run(run: ActiveRun) -> ActiveRun | None:
    """A run of a group that failed, from where its folder stands; None where it has ended already."""
    folder = RunFolder(run.spec, run.folder.path.parent, run.folder.path.name)
    record = folder.read_record()
    if record is None or (record["state"] in manifest.ENDED_FIELDS and record["state"] != "failed"):
        return None
    return replace(run, folder=folder, state=begin_or_restore_run(folder, record, run.parts))
