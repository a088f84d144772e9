"""Training runs together whose folders this process has locked: watch, save now and then, close the records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted
from nnexp.nn.replicas import join_replicas
from nnexp.prediction.predictor import RunEvaluation, evaluate_runs
from nnexp.runs import manifest, snapshots
from nnexp.runs.folder import RunFolder
from nnexp.spec.spec import Spec
from nnexp.training.events import EpochDone, Event, Notice, RunDone
from nnexp.training.loop import train_stack
from nnexp.training.stack import Stack
from nnexp.training.state import TrainingState
from nnexp.typing import Array

Watch: TypeAlias = Callable[[Event], None]

MAX_SAVING_SHARE = 0.04
"""The share of the time, at most, that a stack of several runs spends on saving states, a file a run."""


class StopRequest(Protocol):
    """What may ask to stop."""

    received: int | None
    """The signal that asks for it, or None."""


@dataclass(slots=True, eq=False)
class ActiveRun:
    """A run that has begun: its folder, its spec, its data, and the state to go on from; None at the beginning."""

    folder: RunFolder
    spec: Spec
    parts: Parts
    state: TrainingState | None
    snapshot_epochs: tuple[int, ...] = ()
    """Epochs after which the weights are kept as snapshots."""

    @property
    def position(self) -> tuple[int, int]:
        """Epochs and steps done; runs of one structure with the same position can go on together."""
        return (self.state.epoch, self.state.step) if self.state else (0, 0)


class SavingSchedule:
    """When states are due to be saved: every so many seconds, or more seldom where saving takes long."""

    def __init__(self, seconds: float, *, limits_share: bool) -> None:
        self._seconds, self._limits_share = seconds, limits_share
        self._last_save, self._cost_seconds = time.monotonic(), 0.0

    def is_due(self) -> bool:
        """Whether to save now."""
        gap = self._seconds
        if self._limits_share:
            gap = max(gap, self._cost_seconds / MAX_SAVING_SHARE)
        return time.monotonic() - self._last_save >= gap

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Save inside of this, to be measured."""
        start = time.monotonic()
        yield
        self._last_save = time.monotonic()
        self._cost_seconds = self._last_save - start


def drive(
    runs: Sequence[ActiveRun], stop: StopRequest, watch: Watch, checkpoint_seconds: float, until: int | None = None
) -> None:
    """Train runs of one structure at the same position; with `until`, to that epoch at most.

    Raises Interrupted where `stop` asks for it; every state is saved then.
    """
    for run in runs:
        for notice in run.folder.notices:
            watch(Notice(notice))
    stack = _make_stack(runs)
    saving = SavingSchedule(checkpoint_seconds, limits_share=len(runs) > 1)
    ended: list[RunDone] = []
    for event in train_stack(stack, until):
        watch(event)
        if isinstance(event, RunDone):
            # Runs often end at the same step: they are collected, and evaluated in one stack.
            ended.append(event)
            continue
        _close_runs(runs, ended)
        ended = []
        if isinstance(event, EpochDone):
            _write_snapshots(runs, stack)
        if stop.received is not None:
            _save_states(runs, stack)
            raise Interrupted("stopped; the state is saved", stop.received)
        if saving.is_due():
            with saving.measure():
                _save_states(runs, stack)
    _close_runs(runs, ended)


def _make_stack(runs: Sequence[ActiveRun]) -> Stack:
    """The runs in one stack: either all have a state to go on from, or none has."""
    states = [run.state for run in runs if run.state]
    state = join_replicas(states) if states else None
    return Stack([run.spec for run in runs], [run.parts for run in runs], state)


def _write_snapshots(runs: Sequence[ActiveRun], stack: Stack) -> None:
    """Write the snapshots that are due, before any state of this epoch is saved."""
    for number in stack.runs:
        run = runs[number]
        if stack.state.epoch in run.snapshot_epochs:
            snapshots.write_snapshot(run.folder.path, run.folder.digest, stack.copy_state(number))


def _save_states(runs: Sequence[ActiveRun], stack: Stack) -> None:
    for number in stack.runs:
        runs[number].folder.save_state(stack.copy_state(number))


def _close_runs(runs: Sequence[ActiveRun], events: Sequence[RunDone]) -> None:
    """Save the last states of runs that ended together, evaluate those that are done once, and close their records."""
    done: list[RunDone] = []
    for event in events:
        folder, state = runs[event.run].folder, event.state
        folder.save_state(state)
        if event.ending == "paused":
            folder.update_record(state="interrupted", ended=manifest.utc_now())
        elif event.ending == "diverged":
            place = {"epoch": state.epoch + 1, "step": int(state.diverged[0])}
            folder.log_event("diverged", **place)
            folder.update_record(state="diverged", diverged=place, ended=manifest.utc_now())
        else:
            done.append(event)
    if not done:
        return
    finished = [runs[event.run] for event in done]
    theta, buffers = _stack_final_weights(finished, done)
    finals = evaluate_runs([run.spec for run in finished], [run.parts for run in finished], theta, buffers)
    for run, event, final in zip(finished, done, finals, strict=True):
        _close_record(run, event, final)


def _has_best_weights(run: ActiveRun, state: TrainingState) -> bool:
    """Whether the final weights of a run are those of its best epoch; without an epoch that was ever best, the last."""
    stopping = run.spec.training.early_stopping
    return stopping is not None and stopping.restore_best and bool(state.best_epoch[0] > 0)


def _stack_final_weights(runs: Sequence[ActiveRun], events: Sequence[RunDone]) -> tuple[Array, Array]:
    """The final theta (R, P) and buffers (R, B) of runs."""
    thetas, buffers = [], []
    for run, event in zip(runs, events, strict=True):
        state = event.state
        has_best = _has_best_weights(run, state)
        thetas.append(state.best_theta if has_best else state.theta)
        buffers.append(state.best_buffers if has_best else state.buffers)
    return np.concatenate(thetas), np.concatenate(buffers)


def _close_record(run: ActiveRun, event: RunDone, final: RunEvaluation) -> None:
    """Close the record of a run that is done."""
    state, best_epoch = event.state, int(event.state.best_epoch[0])
    if event.ending == "stopped_early":
        run.folder.log_event("stopped_early", epoch=state.epoch, best_epoch=best_epoch)
    weights = {"checkpoint": "last", "epoch": state.epoch}
    if _has_best_weights(run, state):
        weights = {"checkpoint": "best", "epoch": best_epoch}
    run.folder.update_record(
        state="done",
        ended=manifest.utc_now(),
        ending=event.ending,
        epochs=state.epoch,
        steps=int(state.history[0][-1]["step"]),
        weights=weights,
        parameters=state.theta.shape[1],
        seconds=sum(row["seconds"] for row in state.history[0]),
        final={name: of_part.metrics for name, of_part in final.parts.items()},
        classes={name: {"predicted": p.predicted, "occurring": p.occurring} for name, p in final.parts.items()},
        **({"thresholds": final.thresholds} if final.thresholds else {}),
    )
