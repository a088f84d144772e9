"""Which epoch of a run is the best: one rule for training, for the weights that it keeps, and for reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from nnexp.metrics.better import is_better
from nnexp.spec.spec import EarlyStopping
from nnexp.training.state import TrainingState
from nnexp.typing import Array

DEFAULT_METRIC = "dev_loss"
"""The metric that decides where a spec does not stop early."""


def watched_metric(stopping: EarlyStopping | None) -> str:
    """The metric that decides which epoch is the best."""
    return stopping.metric if stopping else DEFAULT_METRIC


def find_best_epoch(metric: str, values: Iterable[float], min_delta: float = 0.0) -> int | None:
    """The best epoch, counted from 1; None where all values are NaN.

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


def keep_best_weights(state: TrainingState, metrics: Mapping[str, Array], stopping: EarlyStopping | None) -> None:
    """Keep the weights of the runs for which the epoch that has just ended is the best so far."""
    metric = watched_metric(stopping)
    if metric not in metrics:  # without a dev part there is no dev loss
        return
    value = metrics[metric]
    min_delta = np.asarray(stopping.min_delta if stopping else 0.0)
    better = is_better(metric, value, state.best_value, min_delta)
    if better.any():
        np.copyto(state.best_value, value, where=better)
        np.copyto(state.best_epoch, state.epoch, where=better)
        np.copyto(state.best_theta, state.theta, where=better[:, None])
        np.copyto(state.best_buffers, state.buffers, where=better[:, None])
