"""What a sweep will take: time, memory and disk, estimated from a few timed batches of each structure."""

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
from nnexp.sweeps.planning.timing import StackTiming
from nnexp.sweeps.running.progress import SweepProgress
from nnexp.sweeps.running.pruning import find_ended_outcome

# Orders of magnitude are enough below: what takes long is the training, which is timed on this machine.

WORKER_START_SECONDS = 1.0
"""Seconds until a worker has imported its packages."""

RUN_FILES_SECONDS = 0.015
"""Seconds that the files of a run take, from its beginning to its end."""

RUN_FILES_BYTES = 20_000
"""Bytes of a run's files besides its checkpoints."""

STATE_WRITES = 3
"""How often a state is written and hashed in a short training."""

WRITE_BYTES_PER_SECOND = 3e8
"""Bytes of a state that are written and hashed in a second."""

STATES_ON_DISK = 2
"""How often a state is on disk: the last and the one before, or the best."""

MEMORY_PER_STATE = 2.0
"""Memory of a run in a stack, as a multiple of its state: gradients and activations come on top."""

FORWARD_PASSES_PER_STEP = 3
"""Cost of a training step in forward passes: the backward pass costs about two, for the inputs and for the weights."""


@dataclass(frozen=True, slots=True)
class StackForecast:
    """The stacks of one structure: their sizes, and seconds of a step, in the stack for each run and of one alone."""

    sizes: tuple[int, ...]
    parameters: int
    seconds: float
    alone: float


@dataclass(frozen=True, slots=True)
class SweepForecast:
    """What the missing runs of a sweep take: seconds, bytes of memory and bytes on disk."""

    missing: int
    seconds: float
    memory: float
    disk: float
    stacks: tuple[StackForecast, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def forecast_sweep(progress: SweepProgress, stacks: StackPlanner) -> SweepForecast:
    """The forecast for the missing runs of a sweep. Pruning and early stopping make it less."""
    missing = [run.run for run in progress.runs if find_ended_outcome(progress.outcomes, run.run) is None]
    groups: dict[Hashable, list[str]] = {}
    for run in missing:
        groups.setdefault(stacks.find_structure(run), []).append(run)
    seconds = memory = disk = 0.0
    forecasts = []
    for runs in groups.values():
        spec = stacks.build_spec(runs[0])
        if isinstance(spec, BaselineSpec):
            forecasts.append(StackForecast((1,) * len(runs), 0, 0.0, 0.0))
            continue
        timing = stacks.measure_timing(runs)
        sizes = tuple(map(len, split_evenly(runs, stacks.choose_size(runs), stacks.workers)))
        step_seconds = timing.step_seconds if max(sizes) > 1 else timing.single_step_seconds
        weights = declare_network(spec).weight_count
        forecasts.append(StackForecast(sizes, weights, step_seconds, timing.single_step_seconds))
        busy_workers = min(stacks.workers, len(sizes))
        seconds += len(runs) * _estimate_run_seconds(spec, timing, step_seconds) / busy_workers
        # Structures are trained one after another, so that the largest one decides.
        memory = max(memory, max(sizes) * timing.state_bytes * MEMORY_PER_STATE)
        disk += len(runs) * (STATES_ON_DISK * timing.state_bytes + RUN_FILES_BYTES)
    if missing:
        seconds += WORKER_START_SECONDS
    return SweepForecast(len(missing), seconds, memory * stacks.workers, disk, tuple(forecasts))


def _estimate_run_seconds(spec: Spec, timing: StackTiming, step_seconds: float) -> float:
    """Seconds of one run: its steps, the evaluations of the dev part between them, and its files."""
    description = describe_data(spec.data)
    sizes = spec.data.count_parts(description)
    evaluation_share = sizes["dev"] / sizes["train"] / FORWARD_PASSES_PER_STEP
    files = RUN_FILES_SECONDS + STATE_WRITES * timing.state_bytes / WRITE_BYTES_PER_SECOND
    return step_seconds * timing.steps * (1 + evaluation_share) + files
