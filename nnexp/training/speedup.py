"""Whether more BLAS threads would pay.

The number of threads is part of the spec, because another number gives other last bits; so it is never changed behind
the user's back. For a large network it is worth saying what it would bring.
"""

from __future__ import annotations

import os
import time

from nnexp.data.parts import Parts
from nnexp.spec.spec import Spec
from nnexp.training.stack import Stack
from nnexp.training.threads import limit_threads

MIN_STEP_SECONDS = 2e-3
"""Seconds for a step from which more threads may pay; below, handing the work to them costs more than it brings."""

MEASURED_STEPS, MEASURED_ROUNDS = 3, 3


def measure_speedup(spec: Spec, parts: Parts) -> tuple[int, float]:
    """The number of cores, and how many times faster a step is with that many threads than with the spec's."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    few, many = [], []
    for _ in range(MEASURED_ROUNDS):
        few.append(_measure_seconds(spec, parts, spec.training.threads))
        many.append(_measure_seconds(spec, parts, cores))
    return cores, min(few) / min(many)


def _measure_seconds(spec: Spec, parts: Parts, threads: int) -> float:
    """The time of a few steps from the beginning of training."""
    with limit_threads(threads):
        stack = Stack([spec], [parts])
        stack.begin_epoch()
        ready = stack.remaining_batches()
        stack.train_step(next(ready))
        began = time.perf_counter()
        for batch, _ in zip(ready, range(MEASURED_STEPS), strict=False):
            stack.train_step(batch)
        return time.perf_counter() - began
