"""What a worker does with a task, whichever executor sent it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from nnexp.data.file_source import FileStamp
from nnexp.data.parts import Parts
from nnexp.data.source_files import stamp_source
from nnexp.errors import Interrupted, NnexpError
from nnexp.execution.driver import StopRequest
from nnexp.execution.run import train_run
from nnexp.execution.stack_of_runs import train_runs
from nnexp.runs.outcome import RunOutcome, outcome_of_run
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.read import build_from_resolved
from nnexp.spec.spec import Data, Origin, Spec
from nnexp.sweeps.executors.base import StackTask
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs
from nnexp.training.events import EpochDone, Event

MAX_CACHED_DATA_SETS = 8
"""Prepared data sets that a worker keeps for its next tasks: those of the folds of one sweep, as a rule."""


def train_task(task: StackTask, stop: StopRequest, tell: Callable[[int], None]) -> list[RunOutcome]:
    """Train the runs of a task and return their outcomes; `tell` is called with the number of epochs that were made.

    Raises Interrupted alone, after a stop: whatever else goes wrong is an outcome of the runs.
    """
    networks: dict[str, Spec] = {}
    baselines: dict[str, BaselineSpec] = {}
    for name, plain in task.specs.items():
        spec = build_from_resolved(plain, name, Origin(task.base_text, tuple(task.overrides[name])))
        if isinstance(spec, BaselineSpec):
            baselines[name] = spec
        else:
            networks[name] = spec
    outcomes: list[RunOutcome] = []
    try:
        if networks:
            outcomes += _train_networks(networks, task, stop, tell)
        for name, baseline in baselines.items():
            outcomes.append(_fit_baseline_run(name, baseline, task))
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001 - a bug is reported with its traceback, as the outcome of these runs
        known = {outcome.run for outcome in outcomes}
        for name in task.specs:
            if name not in known:
                outcomes.append(RunOutcome(name, "failed", error=traceback.format_exc()))
    return outcomes


def _train_networks(
    networks: Mapping[str, Spec], task: StackTask, stop: StopRequest, tell: Callable[[int], None]
) -> list[RunOutcome]:
    """The outcomes of the networks of a task, trained in one stack."""

    def report_epochs(event: Event) -> None:
        if isinstance(event, EpochDone):
            tell(len(event.runs))

    return train_runs(
        networks,
        Path(task.root),
        stop=stop,
        watch=report_epochs,
        prepare=prepare_data,
        checkpoint_seconds=task.checkpoint_seconds,
        until=task.until,
        keep={name: compute_snapshot_epochs(spec, task.snapshots) for name, spec in networks.items()},
    )


def _fit_baseline_run(name: str, spec: BaselineSpec, task: StackTask) -> RunOutcome:
    """The outcome of a baseline, after fitting it."""
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
    """The data of a spec, prepared once for all runs that have the same."""
    return _prepare_cached(spec.data, spec.training.dtype, stamp_source(spec.data.source))


@lru_cache(maxsize=MAX_CACHED_DATA_SETS)
def _prepare_cached(data: Data, dtype: str, stamps: tuple[FileStamp, ...]) -> Parts:
    """The data of files with these stamps: the workers of a cluster outlive a sweep, and files change between two."""
    return data.prepare(dtype)
