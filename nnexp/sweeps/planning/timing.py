"""How many runs of a structure are fastest in one stack, found by timing a few real batches.

R replicas
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import numpy as np

from nnexp.data.parts import Parts
from nnexp.spec.spec import Spec
from nnexp.training.stack import Stack
from nnexp.training.state import TrainingState
from nnexp.training.threads import limit_threads

SIZE_FACTOR = 4
"""From one size that is tried to the next."""

MAX_STACK_RUNS = 256
"""Largest stack: with so many runs the fixed cost of an operation, which stacking shares, is negligible."""

MAX_TIME_SHARE = 0.95
"""A larger stack pays if it takes at most this share of the time for each run; less of a gain is noise."""

TIMED_STEPS = 3
"""Batches that are timed, after one more to warm up."""

TIMED_ROUNDS = 3
"""Times that each of them is trained on; the fastest step counts."""

MAX_TIMING_SECONDS = 0.25
"""Seconds after which no further round is timed."""


@dataclass(frozen=True, slots=True)
class StackTiming:
    """The timing of one structure.

    stack_size: of the fastest stack. step_seconds: of a step of it, for each run. single_step_seconds: of one run by
    itself. steps: of a whole training. state_bytes: of the state of one run, in memory and in a checkpoint.
    """

    stack_size: int
    step_seconds: float
    single_step_seconds: float
    steps: int
    state_bytes: int


def measure_fastest_stack(specs: Sequence[Spec], prepare: Callable[[Spec], Parts], memory: float) -> StackTiming:
    """The fastest size of a stack of these runs, whose states may take `memory` bytes.

    Data are prepared only for the sizes that are tried.
    """
    parts: list[Parts] = []

    def time_stack(size: int) -> tuple[float, int, int]:
        parts.extend(map(prepare, specs[len(parts) : size]))
        return _time_steps(specs[:size], parts)

    single_seconds, state_bytes, steps = time_stack(1)
    best = StackTiming(1, single_seconds, single_seconds, steps, state_bytes)
    max_size = min(MAX_STACK_RUNS, len(specs))
    # Larger sizes are tried for as long as each was faster than the one before it.
    while best.stack_size < max_size:
        size = min(best.stack_size * SIZE_FACTOR, max_size)
        if state_bytes * size > memory:
            break
        seconds, _, _ = time_stack(size)
        if seconds / size > MAX_TIME_SHARE * best.step_seconds:
            break
        best = StackTiming(size, seconds / size, single_seconds, steps, state_bytes)
    return best


def _time_steps(specs: Sequence[Spec], parts: Sequence[Parts]) -> tuple[float, int, int]:
    """Seconds of a step of the stack, bytes of the state of one run, and the steps of a training."""
    with limit_threads(specs[0].training.threads):
        stack = Stack(specs, parts)
        stack.begin_epoch()
        batches = list(islice(stack.remaining_batches(), TIMED_STEPS + 1))
        stack.train_step(batches[0])  # the first step allocates what the later ones use again
        seconds = _time_fastest_step(stack, batches[1:] or batches)
    stack_bytes = sum(_count_bytes(getattr(stack.state, field.name)) for field in fields(TrainingState))
    return seconds, stack_bytes // len(specs), stack.steps_per_epoch * stack.training.epochs


def _time_fastest_step(stack: Stack, batches: Sequence[Any]) -> float:
    """Seconds of the fastest of several steps: other programs only make a step slower."""
    times, began = [], time.perf_counter()
    for _ in range(TIMED_ROUNDS):
        for batch in batches:
            # The step stays within the epoch, as the batches are trained on several times.
            stack.state.step = min(1, stack.steps_per_epoch - 1)
            start = time.perf_counter()
            stack.train_step(batch)
            times.append(time.perf_counter() - start)
        if time.perf_counter() - began > MAX_TIMING_SECONDS:
            break
    return min(times)


def _count_bytes(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_count_bytes, value.values()))
    return value.nbytes if isinstance(value, np.ndarray) else 0
