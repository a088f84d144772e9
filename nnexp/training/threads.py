"""Whether more BLAS threads would pay.

The number of threads is part of the spec, because another number gives other last bits; so it is never changed behind
the user's back. For a large network it is worth saying what it would bring.
"""

from __future__ import annotations

import os
import time

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.data.parts import Parts
from nnexp.spec.sections import Spec
from nnexp.training.stack import Stack

WORTH_ASKING = 2e-3
"""Seconds for a step from which more threads may pay; below, handing the work to them costs more than it brings."""

STEPS, ROUNDS = 3, 3


def speedup(spec: Spec, parts: Parts) -> tuple[int, float]:
    """The number of cores, and how many times faster a step is with that many threads than with the spec's."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    few, many = [], []
    for _ in range(ROUNDS):
        few.append(_seconds(spec, parts, spec.training.threads))
        many.append(_seconds(spec, parts, cores))
    return cores, min(few) / min(many)


def _seconds(spec: Spec, parts: Parts, threads: int) -> float:
    """The time of a few steps from the beginning of training."""
    with threadpool_limits(threads, "blas"), np.errstate(all="ignore"):
        stack = Stack([spec], [parts])
        stack.begin_epoch()
        ready = stack.remaining_batches()
        stack.step(next(ready))
        began = time.perf_counter()
        for batch, _ in zip(ready, range(STEPS), strict=False):
            stack.step(batch)
        return time.perf_counter() - began
