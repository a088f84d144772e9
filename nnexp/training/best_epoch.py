"""Which epoch of a run is the best: one rule for training, for what it keeps, and for reports."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from nnexp.metrics.better import is_better
from nnexp.spec.spec import EarlyStopping

DEFAULT_METRIC = "dev_loss"
"""What the best epoch is chosen by where a spec does not stop early."""


def watched_metric(stopping: EarlyStopping | None) -> str:
    """The metric that the best epoch is chosen by."""
    return stopping.metric if stopping else DEFAULT_METRIC


def find_best_epoch(metric: str, values: Iterable[float], min_delta: float = 0.0) -> int | None:
    """The epoch, counted from 1, after which no value was better by more than `min_delta`; None where all are NaN.

    An epoch is the best so far if it beats the best before it by more than `min_delta`. So a slow creep below that
    never counts, and the epoch with the smallest loss need not be the best.

    >>> find_best_epoch("dev_loss", [0.9, 0.5, 0.49, 0.6]), find_best_epoch("dev_loss", [0.9, 0.5, 0.49], min_delta=0.1)
    (3, 2)
    """
    best_value, best_epoch, threshold = np.asarray(math.nan), None, np.asarray(min_delta)
    for epoch, number in enumerate(values, 1):
        value = np.asarray(number)
        if is_better(metric, value, best_value, threshold):
            best_value, best_epoch = value, epoch
    return best_epoch
