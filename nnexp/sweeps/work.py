"""What a worker does with a task, whichever executor brought it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError
from nnexp.runs.conduct import Stop
from nnexp.runs.receipts import Receipt, receipt_of
from nnexp.runs.session import train_run
from nnexp.runs.together import train_together
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.load import from_resolved
from nnexp.spec.sections import Data, Origin, Spec
from nnexp.sweeps.executors.base import Task
from nnexp.sweeps.snapshots import snapshot_epochs
from nnexp.training.events import EpochDone, Event

SETS = 8
"""Prepared data sets that a worker keeps for its next tasks."""


def perform(task: Task, stop: Stop, tell: Callable[[int], None]) -> list[Receipt]:
    """Train the runs of a task and give their receipts; `tell` is called with the epochs that were made.

    Nothing but a stop that was asked for is raised, as Interrupted: whatever else goes wrong is a result of the runs.
    """

    def watch(event: Event) -> None:
        if isinstance(event, EpochDone):
            tell(len(event.runs))

    specs = {name: _spec(task, name, plain) for name, plain in task.specs.items()}
    networks = {name: spec for name, spec in specs.items() if isinstance(spec, Spec)}
    receipts: list[Receipt] = []
    try:
        if networks:
            receipts += train_together(
                networks,
                Path(task.root),
                stop=stop,
                watch=watch,
                prepare=prepared,
                checkpoint_seconds=task.checkpoint_seconds,
                until=task.until,
                keep={name: snapshot_epochs(spec, task.snapshots) for name, spec in networks.items()},
            )
        baselines = {name: spec for name, spec in specs.items() if isinstance(spec, BaselineSpec)}
        receipts += [_fitted(name, spec, task) for name, spec in baselines.items()]
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001 - a bug is told of with its traceback, as a result of these runs
        told = {receipt.run for receipt in receipts}
        receipts += [Receipt(name, "failed", error=traceback.format_exc()) for name in specs if name not in told]
    return receipts


def _spec(task: Task, name: str, plain: Mapping[str, Any]) -> AnySpec:
    return from_resolved(plain, name, Origin(task.base_text, tuple(task.overrides[name])))


def _fitted(name: str, spec: BaselineSpec, task: Task) -> Receipt:
    """The receipt of a baseline, fitted."""
    try:
        path = train_run(
            spec,
            Path(task.root),
            restart=False,
            watch=lambda event: None,
            checkpoint_seconds=task.checkpoint_seconds,
        )
    except Interrupted:
        raise
    except NnexpError as error:
        return Receipt(name, "failed", error=str(error))
    return receipt_of(path)


def prepared(spec: Spec) -> Parts:
    """The data of a spec, made ready once for all runs that have the same."""
    return _prepared(spec.data, spec.training.dtype)


@lru_cache(maxsize=SETS)
def _prepared(data: Data, dtype: str) -> Parts:
    return data.prepare(dtype)
