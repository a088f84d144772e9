"""Training runs together whose folders this process holds: show what happens, save now and then, close the records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from nnexp.data.parts import Parts
from nnexp.data.splits import PartName
from nnexp.errors import Interrupted
from nnexp.nn.replicas import join_replicas
from nnexp.prediction.predictor import PartEvaluation, evaluate_runs
from nnexp.runs import manifest, snapshots
from nnexp.runs.folder import RunFolder
from nnexp.spec.spec import Spec
from nnexp.training.events import EpochDone, Event, Notice, RunDone
from nnexp.training.loop import train_stack
from nnexp.training.stack import Stack
from nnexp.training.state import TrainingState

Watch: TypeAlias = Callable[[Event], None]

MAX_SAVING_SHARE = 0.04
"""Of the time, at most, that saving states takes, however often it is asked for; a stack has many to save."""


class StopRequest(Protocol):
    """What may ask to stop: `received` is the signal, or None."""

    received: int | None


@dataclass(slots=True, eq=False)
class ActiveRun:
    """A run that has begun: its folder, what is trained on what, and the state to go on from; None at its beginning."""

    folder: RunFolder
    spec: Spec
    parts: Parts
    state: TrainingState | None
    snapshot_epochs: tuple[int, ...] = ()
    """Epochs after which the weights are kept as snapshots."""

    @property
    def position(self) -> tuple[int, int]:
        """Epochs and steps behind; runs that stand at the same place can go on together."""
        return (self.state.epoch, self.state.step) if self.state else (0, 0)


def drive(
    runs: Sequence[ActiveRun], stop: StopRequest, watch: Watch, checkpoint_seconds: float, until: int | None = None
) -> None:
    """Train runs of one structure that stand at the same place; with `until`, to that epoch at most.

    Raises Interrupted where that was asked for; every state is saved then.
    """
    for run in runs:
        for notice in run.folder.notices:
            watch(Notice(notice))
    states = [run.state for run in runs if run.state]
    stack = Stack([run.spec for run in runs], [run.parts for run in runs], join_replicas(states) if states else None)
    saved, cost = time.monotonic(), 0.0
    left: list[RunDone] = []
    for event in train_stack(stack, until):
        watch(event)
        if isinstance(event, RunDone):
            left.append(event)
            continue
        _close_runs(runs, left)
        left = []
        if isinstance(event, EpochDone):
            _write_snapshots(runs, stack)
        if stop.received is not None:
            _save_states(runs, stack)
            raise Interrupted("stopped; the state is saved", stop.received)
        if time.monotonic() - saved >= max(checkpoint_seconds, cost / MAX_SAVING_SHARE if len(runs) > 1 else 0):
            began = time.monotonic()
            _save_states(runs, stack)
            saved = time.monotonic()
            cost = saved - began
    _close_runs(runs, left)


def _write_snapshots(runs: Sequence[ActiveRun], stack: Stack) -> None:
    """Write the snapshots that are due, before any state is saved that has this epoch behind it."""
    for number in stack.runs:
        if stack.state.epoch in runs[number].snapshot_epochs:
            snapshots.write_snapshot(runs[number].folder.path, runs[number].folder.digest, stack.copy_state(number))


def _save_states(runs: Sequence[ActiveRun], stack: Stack) -> None:
    for number in stack.runs:
        runs[number].folder.save_state(stack.copy_state(number))


def _close_runs(runs: Sequence[ActiveRun], events: Sequence[RunDone]) -> None:
    """Save the last states of runs that left the stack together, look at their test parts once, close their records."""
    done: list[tuple[ActiveRun, RunDone, bool]] = []
    for event in events:
        run, state = runs[event.run], event.state
        run.folder.save_state(state)
        if event.ending == "paused":  # to be continued
            run.folder.update_record(state="interrupted", ended=manifest.utc_now())
        elif event.ending == "diverged":
            where = {"epoch": state.epoch + 1, "step": int(state.diverged[0])}
            run.folder.log_event("diverged", **where)
            run.folder.update_record(state="diverged", diverged=where, ended=manifest.utc_now())
        else:
            stopping = run.spec.training.early_stopping
            best = stopping is not None and stopping.restore_best and state.best_epoch[0] > 0
            done.append((run, event, best))
    if not done:
        return
    weights = [(s.best_theta, s.best_buffers) if b else (s.theta, s.buffers) for _, e, b in done for s in [e.state]]
    theta, buffers = (np.concatenate(arrays) for arrays in zip(*weights, strict=True))
    finals = evaluate_runs([run.spec for run, _, _ in done], [run.parts for run, _, _ in done], theta, buffers)
    for (run, event, best), final in zip(done, finals, strict=True):
        _close_record(run.folder, event, final, best=best)


def _close_record(folder: RunFolder, event: RunDone, final: dict[PartName, PartEvaluation], *, best: bool) -> None:
    """Close the record of a run that is done."""
    state = event.state
    if event.ending == "stopped_early":
        folder.log_event("stopped_early", epoch=state.epoch, best_epoch=int(state.best_epoch[0]))
    folder.update_record(
        state="done",
        ended=manifest.utc_now(),
        ending=event.ending,
        epochs=state.epoch,
        steps=int(state.history[0][-1]["step"]),
        weights={"checkpoint": "best" if best else "last", "epoch": int(state.best_epoch[0]) if best else state.epoch},
        parameters=state.theta.shape[1],
        seconds=sum(row["seconds"] for row in state.history[0]),
        final={name: of_part.metrics for name, of_part in final.items()},
        classes={name: {"predicted": p.predicted, "occurring": p.occurring} for name, p in final.items()},
    )
