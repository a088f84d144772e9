"""Which of two values of a metric is better."""

from __future__ import annotations

import numpy as np

from nnexp.typing import AnyArray, Array

HIGHER_IS_BETTER = ("accuracy", "exact_match", "macro_f1", "r2")
"""Metrics that are to be large; all others, such as dev_loss, are to be small."""


def larger_is_better(metric: str) -> bool:
    """Whether a metric, named with its part and its task if there are several, is to be large.

    >>> larger_is_better("dev_accuracy"), larger_is_better("dev_parity_accuracy"), larger_is_better("dev_loss")
    (True, True, False)
    """
    return metric.endswith(tuple(f"_{name}" for name in HIGHER_IS_BETTER))


def is_better(metric: str, value: Array, best: Array, min_delta: Array) -> AnyArray:
    """Whether `value` beats `best` by more than `min_delta`; NaN never does, anything beats a NaN best.

    The metric comes with its part, and its task where there are several: dev_accuracy, dev_parity_accuracy.
    """
    gain = value - best if larger_is_better(metric) else best - value
    # The first epoch has nothing to beat: its best is NaN, against which every comparison is false.
    return (gain > min_delta) | (np.isnan(best) & ~np.isnan(value))
