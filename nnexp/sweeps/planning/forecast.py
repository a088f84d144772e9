"""What a sweep will take: time, memory and disk, from a few timed batches of each structure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any

from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.check import declare_network
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.spec import Spec
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.sweeps.planning.structure import split_evenly
from nnexp.sweeps.running.progress import SweepProgress
from nnexp.sweeps.running.pruning import find_ended_outcome

WORKER_START_SECONDS = 1.0
"""Seconds until workers have loaded what they need."""

RUN_FILES_SECONDS = 0.015
"""Seconds that the files of a run take, from its beginning to its end."""

RUN_FILES_BYTES = 20_000
"""Bytes of a run's files besides its checkpoints."""

STATE_WRITES, WRITE_BYTES_PER_SECOND = 3, 3e8
"""How often a state is written and hashed, and bytes of it a second, as an order of magnitude."""

STATES_ON_DISK = 2
"""How often a state is on disk: the last and the one before, or the best."""


@dataclass(frozen=True, slots=True)
class StackForecast:
    """The stacks of one structure: their sizes, and seconds of a step, in the stack for each run and of one alone."""

    sizes: tuple[int, ...]
    parameters: int
    seconds: float
    alone: float


@dataclass(frozen=True, slots=True)
class SweepForecast:
    """Seconds, bytes of memory and bytes on disk; of runs that are missing."""

    missing: int
    seconds: float
    memory: float
    disk: float
    stacks: tuple[StackForecast, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def forecast_sweep(board: SweepProgress, stacks: StackPlanner) -> SweepForecast:
    """The forecast of what is missing of a sweep. Pruning and early stopping make it less."""
    groups: dict[Hashable, list[str]] = {}
    missing = [run.run for run in board.runs if find_ended_outcome(board.outcomes, run.run) is None]
    for run in missing:
        groups.setdefault(stacks.find_structure(run), []).append(run)
    seconds = memory = disk = 0.0
    shown = []
    for runs in groups.values():
        spec = stacks.build_spec(runs[0])
        if isinstance(spec, BaselineSpec):
            shown.append(StackForecast((1,) * len(runs), 0, 0.0, 0.0))
            continue
        pace = stacks.measure_timing(runs)
        sizes = tuple(map(len, split_evenly(runs, stacks.choose_size(runs), stacks.workers)))
        each = pace.step_seconds if max(sizes) > 1 else pace.single_step_seconds
        shown.append(StackForecast(sizes, declare_network(spec).weight_count, each, pace.single_step_seconds))
        files = RUN_FILES_SECONDS + STATE_WRITES * pace.state_bytes / WRITE_BYTES_PER_SECOND
        seconds += (
            len(runs)
            * (each * pace.steps * (1 + _estimate_evaluation_share(spec)) + files)
            / min(stacks.workers, len(sizes))
        )
        memory = max(memory, max(sizes) * pace.state_bytes * 2.0)
        disk += len(runs) * (STATES_ON_DISK * pace.state_bytes + RUN_FILES_BYTES)
    return SweepForecast(
        len(missing), seconds + WORKER_START_SECONDS * bool(missing), memory * stacks.workers, disk, tuple(shown)
    )


def _estimate_evaluation_share(spec: Spec) -> float:
    """What looking at the dev part after each epoch adds to its steps: a forward pass is a third of a step."""
    found = describe_data(spec.data)
    sizes = spec.data.split.count_examples(found.examples, found.own_test)
    return sizes["dev"] / sizes["train"] / 3
