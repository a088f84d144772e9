"""Training runs together whose folders this process holds: show what happens, save now and then, close the records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted
from nnexp.predictor import Network
from nnexp.replicas import join
from nnexp.runs import manifest
from nnexp.runs.folder import RunFolder
from nnexp.spec.sections import Spec
from nnexp.training.events import Event, Notice, RunDone
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
    for event in train(stack, until):
        watch(event)
        if isinstance(event, RunDone):
            _close(runs[event.run], event)
        elif stop.received is not None:
            _save(runs, stack)
            raise Interrupted("stopped; the state is saved", stop.received)
        elif time.monotonic() - saved >= max(checkpoint_seconds, cost / SHARE if len(runs) > 1 else 0):
            began = time.monotonic()
            _save(runs, stack)
            saved = time.monotonic()
            cost = saved - began


def _save(runs: Sequence[Begun], stack: Stack) -> None:
    for number in stack.runs:
        runs[number].folder.save(stack.snapshot(number))


def _close(run: Begun, event: RunDone) -> None:
    """Save the last state, look at the test part once, and close the record; a paused run is left to be continued."""
    folder, state = run.folder, event.state
    folder.save(state)
    if event.ending == "paused":
        folder.update(state="interrupted", ended=manifest.now())
        return
    if event.ending == "diverged":
        step = int(state.diverged[0])
        folder.log("diverged", epoch=state.epoch + 1, step=step)
        folder.update(state="diverged", diverged={"epoch": state.epoch + 1, "step": step}, ended=manifest.now())
        return
    stopping = run.spec.training.early_stopping
    best = stopping is not None and stopping.restore_best and state.best_epoch[0] > 0
    if event.ending == "stopped_early":
        folder.log("stopped_early", epoch=state.epoch, best_epoch=int(state.best_epoch[0]))
    theta, buffers = (state.best_theta, state.best_buffers) if best else (state.theta, state.buffers)
    network = Network(run.spec, run.parts.description, run.parts.shift, run.parts.scale, theta, buffers)
    final = {name: network.evaluate(run.parts[name]) for name in ("train", "dev", "test") if len(run.parts[name])}
    folder.update(
        state="done",
        ended=manifest.now(),
        ending=event.ending,
        epochs=state.epoch,
        steps=int(state.history[0][-1]["step"]),
        weights={"checkpoint": "best" if best else "last", "epoch": int(state.best_epoch[0]) if best else state.epoch},
        parameters=state.theta.shape[1],
        seconds=sum(row["seconds"] for row in state.history[0]),
        final=final,
    )
