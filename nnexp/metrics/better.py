"""Which of two values of a metric is better."""

from __future__ import annotations

import numpy as np

from nnexp.metrics.names import larger_is_better
from nnexp.typing import AnyArray, Array


def is_better(metric: str, value: Array, best: Array, min_delta: Array) -> AnyArray:
    """Whether `value` beats `best` by more than `min_delta`; NaN never does, anything beats a NaN best.

    The metric comes with its part, and its task where there are several: dev_accuracy, dev_parity_accuracy.
    """
    gain = value - best if larger_is_better(metric) else best - value
    # The first epoch has nothing to beat: its best is NaN, against which every comparison is false.
    return (gain > min_delta) | (np.isnan(best) & ~np.isnan(value))
