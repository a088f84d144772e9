"""Training a run in its folder: begin it, or continue it, or find it finished."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError, RunError
from nnexp.fitted import THREADS
from nnexp.predictor import Network
from nnexp.runs import baseline, manifest
from nnexp.runs.files import make_folder
from nnexp.runs.folder import RunFolder
from nnexp.runs.interrupts import Interrupts
from nnexp.runs.lock import locked
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.sections import Spec
from nnexp.training.events import Event, Notice, RunDone
from nnexp.training.loop import train
from nnexp.training.stack import Stack
from nnexp.training.state import State

Watch = Callable[[Event], None]


def train_run(spec: AnySpec, root: Path, *, restart: bool, watch: Watch, checkpoint_seconds: float) -> Path:
    """Train the run that a spec stands for, as far as it is not trained yet; gives its folder.

    Raises ResumeError where the run cannot be continued, RunError where its folder cannot be used, Interrupted where a
    signal stopped it; its state is saved then. A run that diverged is not raised: its state says so. A baseline that
    was cut off is fitted again from the beginning.
    """
    folder = RunFolder(spec, root)
    if not restart and folder.is_read_only() and folder.has_ended():
        return folder.path
    make_folder(folder.path)
    if isinstance(spec, BaselineSpec):
        importlib.import_module("scipy.linalg")  # its BLAS has to be there when the threads are limited
    with (
        Interrupts() as interrupts,
        locked(folder.path),
        threadpool_limits(THREADS if isinstance(spec, BaselineSpec) else spec.training.threads, "blas"),
        np.errstate(all="ignore"),
    ):
        record = None if restart else folder.record()
        if record and record["state"] in manifest.ENDED:
            return folder.path
        parts = spec.prepare()
        if isinstance(spec, BaselineSpec):
            _begin(folder, parts)
            with _recorded(folder):
                baseline.fit(folder, spec, parts, interrupts, watch)
        else:
            state = _begin_or_restore(folder, record, parts)
            with _recorded(folder):
                _conduct(folder, spec, parts, state, interrupts, watch, checkpoint_seconds)
    return folder.path


def _begin(folder: RunFolder, parts: Parts) -> None:
    folder.clear()
    folder.begin(parts)


def _begin_or_restore(folder: RunFolder, record: manifest.Manifest | None, parts: Parts) -> State | None:
    """The state to go on from; None at the beginning."""
    if record is None:
        _begin(folder, parts)
        return None
    state = folder.restore(record, parts)
    folder.update(state="running", ended=None)
    return state


@contextmanager
def _recorded(folder: RunFolder) -> Iterator[None]:
    """Note in the folder how training was cut off, if it was."""
    try:
        yield
    except Interrupted:
        folder.update(state="interrupted", ended=manifest.now())
        raise
    except NnexpError:
        raise
    except Exception as error:
        with suppress(RunError):  # it must not stand before the error itself
            folder.log("failed", error=repr(error))
            folder.update(state="failed", ended=manifest.now())
        raise


def _conduct(
    folder: RunFolder,
    spec: Spec,
    parts: Parts,
    state: State | None,
    interrupts: Interrupts,
    watch: Watch,
    checkpoint_seconds: float,
) -> None:
    """Read the loop's events: show them, save the state now and then, and finish the run."""
    for notice in folder.notices:
        watch(Notice(notice))
    stack = Stack([spec], [parts], state)
    saved = time.monotonic()
    for event in train(stack):
        watch(event)
        if isinstance(event, RunDone):
            _finish(folder, spec, parts, event)
        elif interrupts.received is not None:
            folder.save(stack.snapshot(0))
            raise Interrupted("stopped; the state is saved", interrupts.received)
        elif time.monotonic() - saved >= checkpoint_seconds:
            folder.save(stack.snapshot(0))
            saved = time.monotonic()


def _finish(folder: RunFolder, spec: Spec, parts: Parts, event: RunDone) -> None:
    """Save the last state, look at the test part once, and close the record."""
    state = event.state
    folder.save(state)
    if event.ending == "diverged":
        step = int(state.diverged[0])
        folder.log("diverged", epoch=state.epoch + 1, step=step)
        folder.update(state="diverged", diverged={"epoch": state.epoch + 1, "step": step}, ended=manifest.now())
        return
    stopping = spec.training.early_stopping
    best = stopping is not None and stopping.restore_best and state.best_epoch[0] > 0
    if event.ending == "stopped_early":
        folder.log("stopped_early", epoch=state.epoch, best_epoch=int(state.best_epoch[0]))
    theta, buffers = (state.best_theta, state.best_buffers) if best else (state.theta, state.buffers)
    network = Network(spec, parts.description, parts.shift, parts.scale, theta, buffers)
    final = {name: network.evaluate(parts[name]) for name in ("train", "dev", "test") if len(parts[name])}
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
