"""How many runs of a structure are fast in one stack, and what they will take: a few real batches, timed.

R replicas
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
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
"""More runs in a stack bring nothing: what an operation costs besides its arithmetic is spread over enough by then."""

MAX_TIME_SHARE = 0.95
"""A larger stack is worth it where it takes at most this share of the time for each run."""

TIMED_STEPS, TIMED_ROUNDS = 3, 3

MAX_TIMING_SECONDS = 0.25
"""Seconds after which one size has been timed well enough."""


@dataclass(frozen=True, slots=True)
class StackTiming:
    """What a structure was measured to take. size: of the fastest stack. seconds: of a step of it, for each run.

    alone: seconds of a step of one run by itself. bytes: of the state of one run, in memory and in a checkpoint.
    """

    stack_size: int
    step_seconds: float
    single_step_seconds: float
    steps: int
    state_bytes: int


def measure_fastest_stack(specs: Sequence[Spec], prepare: Callable[[Spec], Parts], memory: float) -> StackTiming:
    """The fastest size of a stack of these runs, whose states and activations may take so many bytes.

    No more data are made ready than are needed for the sizes that are tried.
    """
    parts: list[Parts] = []

    def prepare_first(count: int) -> list[Parts]:
        parts.extend(prepare(spec) for spec in specs[len(parts) : count])
        return parts

    alone, state, steps = _time_steps(specs[:1], prepare_first(1))
    one = StackTiming(1, alone, alone, steps, state)
    best, size = one, SIZE_FACTOR
    most = min(MAX_STACK_RUNS, len(specs))
    while best.stack_size * SIZE_FACTOR >= size and best.stack_size < most and state * min(size, most) <= memory:
        size = min(size, most)
        seconds, _, _ = _time_steps(specs[:size], prepare_first(size))
        each = seconds / size
        if each > MAX_TIME_SHARE * best.step_seconds:
            break
        best = StackTiming(size, each, alone, steps, state)
        size *= SIZE_FACTOR
    return best


def _time_steps(specs: Sequence[Spec], parts: Sequence[Parts]) -> tuple[float, int, int]:
    """Seconds of a step of the stack, bytes of the state of one run, and the steps of a training."""
    with limit_threads(specs[0].training.threads):
        stack = Stack(specs, parts)
        stack.begin_epoch()
        batches = [batch for batch, _ in zip(stack.remaining_batches(), range(TIMED_STEPS + 1), strict=False)]
        stack.train_step(batches[0])
        times, began = [], time.perf_counter()
        for _ in range(TIMED_ROUNDS):
            for batch in batches[1:] or batches:
                stack.state.step = min(1, stack.steps_per_epoch - 1)
                start = time.perf_counter()
                stack.train_step(batch)
                times.append(time.perf_counter() - start)
            if time.perf_counter() - began > MAX_TIMING_SECONDS:
                break
    size = sum(_count_bytes(getattr(stack.state, field.name)) for field in fields(TrainingState))
    return min(times), size // len(specs), stack.steps_per_epoch * stack.training.epochs


def _count_bytes(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_count_bytes, value.values()))
    return value.nbytes if isinstance(value, np.ndarray) else 0
