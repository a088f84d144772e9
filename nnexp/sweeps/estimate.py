"""How many runs of a structure are fast in one stack, and what they will take: a few real batches, timed.

R replicas
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.data.parts import Parts
from nnexp.spec.sections import Spec
from nnexp.training.stack import Stack
from nnexp.training.state import State

FACTOR = 4
"""From one size that is tried to the next."""

LARGEST = 256
"""More runs in a stack bring nothing: what an operation costs besides its arithmetic is spread over enough by then."""

WORTH = 0.95
"""A larger stack is worth it where it takes at most this share of the time for each run."""

STEPS, ROUNDS = 3, 3

ENOUGH = 0.25
"""Seconds after which one size has been timed well enough."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a structure was measured to take. size: of the fastest stack. seconds: of a step of it, for each run.

    alone: seconds of a step of one run by itself. bytes: of the state of one run, in memory and in a checkpoint.
    """

    size: int
    seconds: float
    alone: float
    steps: int
    bytes: int


def pace(specs: Sequence[Spec], prepare: Callable[[Spec], Parts], memory: float) -> Pace:
    """The fastest size of a stack of these runs, whose states and activations may take so many bytes.

    No more data are made ready than are needed for the sizes that are tried.
    """
    parts: list[Parts] = []

    def of_first(count: int) -> list[Parts]:
        parts.extend(prepare(spec) for spec in specs[len(parts) : count])
        return parts

    alone, state, steps = _timed(specs[:1], of_first(1))
    one = Pace(1, alone, alone, steps, state)
    best, size = one, FACTOR
    most = min(LARGEST, len(specs))
    while best.size * FACTOR >= size and best.size < most and state * min(size, most) <= memory:
        size = min(size, most)
        seconds, _, _ = _timed(specs[:size], of_first(size))
        each = seconds / size
        if each > WORTH * best.seconds:
            break
        best = Pace(size, each, alone, steps, state)
        size *= FACTOR
    return best


def _timed(specs: Sequence[Spec], parts: Sequence[Parts]) -> tuple[float, int, int]:
    """Seconds of a step of the stack, bytes of the state of one run, and the steps of a training."""
    with threadpool_limits(specs[0].training.threads, "blas"), np.errstate(all="ignore"):
        stack = Stack(specs, parts)
        stack.begin_epoch()
        batches = [batch for batch, _ in zip(stack.remaining_batches(), range(STEPS + 1), strict=False)]
        stack.step(batches[0])
        times, began = [], time.perf_counter()
        for _ in range(ROUNDS):
            for batch in batches[1:] or batches:
                stack.state.step = min(1, stack.steps - 1)
                start = time.perf_counter()
                stack.step(batch)
                times.append(time.perf_counter() - start)
            if time.perf_counter() - began > ENOUGH:
                break
    size = sum(_bytes(getattr(stack.state, field.name)) for field in fields(State))
    return min(times), size // len(specs), stack.steps * stack.training.epochs


def _bytes(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return value.nbytes if isinstance(value, np.ndarray) else 0
