"""What a worker does with a task, whichever executor brought it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError
from nnexp.execution.driver import StopRequest
from nnexp.execution.run import train_run
from nnexp.execution.stack_of_runs import train_runs
from nnexp.runs.outcome import RunOutcome, outcome_of_run
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.read import build_from_resolved
from nnexp.spec.spec import Data, Origin, Spec
from nnexp.sweeps.executors.base import StackTask
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs
from nnexp.training.events import EpochDone, Event

MAX_CACHED_DATA_SETS = 8
"""Prepared data sets that a worker keeps for its next tasks."""


def train_task(task: StackTask, stop: StopRequest, tell: Callable[[int], None]) -> list[RunOutcome]:
    """Train the runs of a task and give their receipts; `tell` is called with the epochs that were made.

    Nothing but a stop that was asked for is raised, as Interrupted: whatever else goes wrong is a result of the runs.
    """

    def report_epochs(event: Event) -> None:
        if isinstance(event, EpochDone):
            tell(len(event.runs))

    specs = {name: _build_task_spec(task, name, plain) for name, plain in task.specs.items()}
    networks = {name: spec for name, spec in specs.items() if isinstance(spec, Spec)}
    receipts: list[RunOutcome] = []
    try:
        if networks:
            receipts += train_runs(
                networks,
                Path(task.root),
                stop=stop,
                watch=report_epochs,
                prepare=prepare_data,
                checkpoint_seconds=task.checkpoint_seconds,
                until=task.until,
                keep={name: compute_snapshot_epochs(spec, task.snapshots) for name, spec in networks.items()},
            )
        baselines = {name: spec for name, spec in specs.items() if isinstance(spec, BaselineSpec)}
        receipts += [_fit_baseline_run(name, spec, task) for name, spec in baselines.items()]
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001 - a bug is told of with its traceback, as a result of these runs
        told = {receipt.run for receipt in receipts}
        receipts += [RunOutcome(name, "failed", error=traceback.format_exc()) for name in specs if name not in told]
    return receipts


def _build_task_spec(task: StackTask, name: str, plain: Mapping[str, Any]) -> AnySpec:
    return build_from_resolved(plain, name, Origin(task.base_text, tuple(task.overrides[name])))


def _fit_baseline_run(name: str, spec: BaselineSpec, task: StackTask) -> RunOutcome:
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
        return RunOutcome(name, "failed", error=str(error))
    return outcome_of_run(path)


def prepare_data(spec: Spec) -> Parts:
    """The data of a spec, made ready once for all runs that have the same."""
    return _prepare_cached(spec.data, spec.training.dtype)


@lru_cache(maxsize=MAX_CACHED_DATA_SETS)
def _prepare_cached(data: Data, dtype: str) -> Parts:
    return data.prepare(dtype)
