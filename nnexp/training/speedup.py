"""How much faster more BLAS threads would make training.

The number of threads is part of the spec, because another number gives other last bits. So nnexp never changes it by
itself, but tells the user of a large network what more threads would bring.
"""

from __future__ import annotations

import os
import time
from itertools import islice

from nnexp.data.parts import Parts
from nnexp.spec.spec import Spec
from nnexp.training.stack import Stack
from nnexp.training.threads import limit_threads

MIN_STEP_SECONDS = 2e-3
"""Seconds for a step from which more threads may be faster; below, handing out the work costs more than it saves."""

MEASURED_STEPS = 3
"""Steps that are timed together."""

MEASURED_ROUNDS = 3
"""How often they are timed; the fastest round counts, as other programs only ever make one slower."""


def measure_speedup(spec: Spec, parts: Parts) -> tuple[int, float]:
    """The number of cores, and how many times faster a step is with that many threads than with the spec's."""
    cores = _count_cores()
    as_given: list[float] = []
    on_all_cores: list[float] = []
    # In turn, so that a change of the clock rate meets both.
    for _ in range(MEASURED_ROUNDS):
        as_given.append(_measure_seconds(spec, parts, spec.training.threads))
        on_all_cores.append(_measure_seconds(spec, parts, cores))
    return cores, min(as_given) / min(on_all_cores)


def _count_cores() -> int:
    """The cores that this process may use; macOS and Windows do not say, and have all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _measure_seconds(spec: Spec, parts: Parts, threads: int) -> float:
    """The time of a few steps from the beginning of training."""
    with limit_threads(threads):
        stack = Stack([spec], [parts])
        stack.begin_epoch()
        batches = stack.remaining_batches()
        # The first step allocates what the others use again.
        stack.train_step(next(batches))
        start = time.perf_counter()
        for batch in islice(batches, MEASURED_STEPS):
            stack.train_step(batch)
        return time.perf_counter() - start
