"""How many processes train a sweep."""

from __future__ import annotations

import os

from nnexp.sweeps.definition.definition import SweepDefinition


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone tells of cores that a container or `taskset` leaves
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_worker_count(definition: SweepDefinition) -> int:
    """As many workers as there are cores for their BLAS threads; one a core if the base spec does not set these."""
    training = definition.base.make_plain().get("training", None)
    threads = training.get("threads", 1) if isinstance(training, dict) else 1
    if not isinstance(threads, int) or threads < 1:
        return 1  # the check of the spec will say what is wrong with it
    return max(1, count_cores() // threads)
