"""Shares, means and ratios that several metrics are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnexp.typing import Array


def divide_or_nan(part: Any, whole: Any) -> Array:
    """The ratio, and NaN where `whole` is 0: a share of nothing is not known."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def average_known(values: Array) -> Array:
    """The mean of the values that are not NaN; NaN where none is known. core: (K) -> ()

    >>> average_known(np.array([[0.5, np.nan, 1.0], [np.nan, np.nan, np.nan]])).tolist()
    [0.75, nan]
    """
    known = ~np.isnan(values)
    return divide_or_nan(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def root_mean_square(squared_error: Array) -> Array:
    """√ mean (z - d)², from the mean squared error."""
    return np.sqrt(squared_error)


def explain_variance(squared_error: Array, variance: Array) -> Array:
    """r2 = 1 - Σ (z - d)² / Σ (d - d̄)², from the means of both; NaN where the targets do not vary."""
    return 1 - divide_or_nan(squared_error, variance)
