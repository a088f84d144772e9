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
from nnexp.predictor import Final, evaluated
from nnexp.replicas import join
from nnexp.runs import manifest, snapshots
from nnexp.runs.folder import RunFolder
from nnexp.spec.sections import Spec
from nnexp.training.events import EpochDone, Event, Notice, RunDone
from nnexp.training.loop import train
from nnexp.training.stack import Stack
from nnexp.training.state import State

Watch: TypeAlias = Callable[[Event], None]

SHARE = 0.04
"""Of the time, at most, that saving states takes, however often it is asked for; a stack has many to save."""


class Stop(Protocol):
    """What may ask to stop: `received` is the signal, or None."""

    received: int | None


@dataclass(slots=True, eq=False)
class Begun:
    """A run that has begun: its folder, what is trained on what, and the state to go on from; None at its beginning."""

    folder: RunFolder
    spec: Spec
    parts: Parts
    state: State | None
    keep: tuple[int, ...] = ()
    """Epochs after which the weights are kept as snapshots."""

    @property
    def standing(self) -> tuple[int, int]:
        """Epochs and steps behind; runs that stand at the same place can go on together."""
        return (self.state.epoch, self.state.step) if self.state else (0, 0)


def conduct(
    runs: Sequence[Begun], stop: Stop, watch: Watch, checkpoint_seconds: float, until: int | None = None
) -> None:
    """Train runs of one structure that stand at the same place; with `until`, to that epoch at most.

    Raises Interrupted where that was asked for; every state is saved then.
    """
    for run in runs:
        for notice in run.folder.notices:
            watch(Notice(notice))
    states = [run.state for run in runs if run.state]
    stack = Stack([run.spec for run in runs], [run.parts for run in runs], join(states) if states else None)
    saved, cost = time.monotonic(), 0.0
    left: list[RunDone] = []
    for event in train(stack, until):
        watch(event)
        if isinstance(event, RunDone):
            left.append(event)
            continue
        _close(runs, left)
        left = []
        if isinstance(event, EpochDone):
            _keep(runs, stack)
        if stop.received is not None:
            _save(runs, stack)
            raise Interrupted("stopped; the state is saved", stop.received)
        if time.monotonic() - saved >= max(checkpoint_seconds, cost / SHARE if len(runs) > 1 else 0):
            began = time.monotonic()
            _save(runs, stack)
            saved = time.monotonic()
            cost = saved - began
    _close(runs, left)


def _keep(runs: Sequence[Begun], stack: Stack) -> None:
    """Write the snapshots that are due, before any state is saved that has this epoch behind it."""
    for number in stack.runs:
        if stack.state.epoch in runs[number].keep:
            snapshots.keep(runs[number].folder.path, runs[number].folder.digest, stack.snapshot(number))


def _save(runs: Sequence[Begun], stack: Stack) -> None:
    for number in stack.runs:
        runs[number].folder.save(stack.snapshot(number))


def _close(runs: Sequence[Begun], events: Sequence[RunDone]) -> None:
    """Save the last states of runs that left the stack together, look at their test parts once, close their records."""
    done: list[tuple[Begun, RunDone, bool]] = []
    for event in events:
        run, state = runs[event.run], event.state
        run.folder.save(state)
        if event.ending == "paused":  # to be continued
            run.folder.update(state="interrupted", ended=manifest.now())
        elif event.ending == "diverged":
            where = {"epoch": state.epoch + 1, "step": int(state.diverged[0])}
            run.folder.log("diverged", **where)
            run.folder.update(state="diverged", diverged=where, ended=manifest.now())
        else:
            stopping = run.spec.training.early_stopping
            best = stopping is not None and stopping.restore_best and state.best_epoch[0] > 0
            done.append((run, event, best))
    if not done:
        return
    weights = [(s.best_theta, s.best_buffers) if b else (s.theta, s.buffers) for _, e, b in done for s in [e.state]]
    theta, buffers = (np.concatenate(arrays) for arrays in zip(*weights, strict=True))
    finals = evaluated([run.spec for run, _, _ in done], [run.parts for run, _, _ in done], theta, buffers)
    for (run, event, best), final in zip(done, finals, strict=True):
        _finish(run.folder, event, final, best=best)


def _finish(folder: RunFolder, event: RunDone, final: dict[PartName, Final], *, best: bool) -> None:
    """Close the record of a run that is done."""
    state = event.state
    if event.ending == "stopped_early":
        folder.log("stopped_early", epoch=state.epoch, best_epoch=int(state.best_epoch[0]))
    folder.update(
        state="done",
        ended=manifest.now(),
        ending=event.ending,
        epochs=state.epoch,
        steps=int(state.history[0][-1]["step"]),
        weights={"checkpoint": "best" if best else "last", "epoch": int(state.best_epoch[0]) if best else state.epoch},
        parameters=state.theta.shape[1],
        seconds=sum(row["seconds"] for row in state.history[0]),
        final={name: of_part.metrics for name, of_part in final.items()},
        classes={name: {"predicted": p.predicted, "occurring": p.occurring} for name, p in final.items()},
    )
