"""Training several runs of one structure together, each in its ordinary folder."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError, ResumeError
from nnexp.files import make_folder
from nnexp.runs import manifest
from nnexp.runs.conduct import Begun, Stop, Watch, conduct
from nnexp.runs.folder import RunFolder
from nnexp.runs.lock import Busy, locked
from nnexp.runs.receipts import Receipt, receipt_of
from nnexp.runs.session import begin, begin_or_restore, recorded
from nnexp.runs.snapshots import lacking
from nnexp.spec.sections import Spec
from nnexp.training.state import State

Prepare = Callable[[Spec], Parts]


def train_together(
    specs: Mapping[str, Spec],
    root: Path,
    *,
    stop: Stop,
    watch: Watch,
    prepare: Prepare,
    checkpoint_seconds: float,
    until: int | None = None,
    keep: Mapping[str, tuple[int, ...]] | None = None,
) -> list[Receipt]:
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
    with threadpool_limits(threads, "blas"), np.errstate(all="ignore"), ExitStack() as held:
        begun: list[Begun] = []
        environment = manifest.environment()
        for folder, spec in zip(folders, specs.values(), strict=True):
            try:
                kept = (keep or {}).get(folder.path.name, ())
                run = _enter(folder, spec, kept, held, prepare, environment, busy)
            except NnexpError as error:
                failed[folder.path] = str(error)
            else:
                begun += [run] if run else []
        for group in _alike(begun):
            failed |= _train(group, stop, watch, checkpoint_seconds, until)
    return [
        Receipt(folder.path.name, "failed", error=failed[folder.path])
        if folder.path in failed
        else Receipt(folder.path.name, "busy")
        if folder.path in busy
        else receipt_of(folder.path, until)
        for folder in folders
    ]


def _enter(
    folder: RunFolder,
    spec: Spec,
    keep: tuple[int, ...],
    held: ExitStack,
    prepare: Prepare,
    environment: manifest.Manifest,
    busy: set[Path],
) -> Begun | None:
    """Take the folder's lock and begin the run, or go on with it; None where it has ended or another has the lock."""
    if folder.has_ended() and _is_whole(folder.path, keep):
        return None
    folder.check_place()
    make_folder(folder.path)
    with ExitStack() as own:
        try:
            own.enter_context(locked(folder.path, patience=0))
        except Busy:
            busy.add(folder.path)
            return None
        record = folder.record()
        if record and record["state"] in manifest.ENDED and _is_whole(folder.path, keep):
            return None
        parts = prepare(spec)
        state = _state(folder, record, keep, parts, environment)
        held.push(own.pop_all())
    return Begun(folder, spec, parts, state, keep)


def _is_whole(path: Path, keep: tuple[int, ...]) -> bool:
    """Whether a run that has ended has all its snapshots; one that diverged needs none."""
    if not keep:
        return True
    record = manifest.read(path)
    return record["state"] != "done" or not lacking(path, keep, record["epochs"])


def _state(
    folder: RunFolder,
    record: manifest.Manifest | None,
    keep: tuple[int, ...],
    parts: Parts,
    environment: manifest.Manifest,
) -> State | None:
    """The state to go on from; None at the beginning, to which a run goes back that was trained without its snapshots.

    It comes to the same bits then.
    """
    if record is None or record["state"] not in manifest.ENDED:
        state = begin_or_restore(folder, record, parts, environment)
        if record is None or state is None or not lacking(folder.path, keep, state.epoch):
            return state
    if changed := parts.fingerprint.differs(record["data"]):
        raise ResumeError(f"the data changed since the run began: {changed}; {manifest.RESTART}")
    begin(folder, parts, environment)
    folder.log("begun_again", reason="it had been trained without snapshots")
    return None


def _alike(runs: Iterable[Begun]) -> list[list[Begun]]:
    """The runs that stand at the same place, group by group."""
    groups: dict[tuple[int, int], list[Begun]] = {}
    for run in runs:
        groups.setdefault(run.standing, []).append(run)
    return list(groups.values())


def _train(
    group: Sequence[Begun], stop: Stop, watch: Watch, checkpoint_seconds: float, until: int | None
) -> dict[Path, str]:
    """Train a group; where that fails, each run by itself, so that one does not take the others with it."""
    try:
        with ExitStack() as records:
            for run in group:
                records.enter_context(recorded(run.folder))
            conduct(group, stop, watch, checkpoint_seconds, until)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a result of these runs, and not the sweep's end
        if len(group) == 1:
            said = str(error) if isinstance(error, NnexpError) else traceback.format_exc()
            return {group[0].folder.path: said}
        failed: dict[Path, str] = {}
        for run in group:
            try:
                again = _again(run)
            except NnexpError as refused:
                failed[run.folder.path] = str(refused)
            else:
                failed |= _train([again], stop, watch, checkpoint_seconds, until) if again else {}
        return failed
    return {}


def _again(run: Begun) -> Begun | None:
    """A run of a group that failed, from where its folder stands; None where it has ended already."""
    folder = RunFolder(run.spec, run.folder.path.parent, run.folder.path.name)
    record = folder.record()
    if record is None or (record["state"] in manifest.ENDED and record["state"] != "failed"):
        return None
    return replace(run, folder=folder, state=begin_or_restore(folder, record, run.parts))
