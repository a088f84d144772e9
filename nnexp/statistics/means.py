"""Means over seeds and their confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.typing import AnyArray

CONFIDENCE_LEVEL = 0.95
"""How often an interval holds the true value, where values are normally distributed."""

ROUNDING_SHARE = 1e-9
"""The share of the size of the values up to which a standard deviation is rounding; differences that matter are far
larger."""


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean over `n` values and half the width of its interval; None where there is no interval.

    There is none for one value, nor for values that are all the same, which show nothing of how the next may differ.
    dropped: values that are not finite.
    """

    n: int
    value: float
    half_width: float | None
    dropped: int = 0

    @property
    def low(self) -> float | None:
        if self.half_width is None:
            return None
        return self.value - self.half_width

    @property
    def high(self) -> float | None:
        if self.half_width is None:
            return None
        return self.value + self.half_width


def estimate_mean(values: Sequence[float], overlap: float = 0.0) -> MeanInterval:
    """The mean of the finite values and its t interval.

        m ± t(n - 1) s √(1/n + overlap)

    overlap: see `compute_paired_difference`.

    >>> estimate_mean([1.0, 2.0, 3.0]).value
    2.0
    """
    given = np.asarray(values, dtype=np.float64)
    finite = given[np.isfinite(given)]
    n, dropped = len(finite), len(given) - len(finite)
    if not n:
        return MeanInterval(0, math.nan, None, dropped)
    std = compute_std(finite, float(np.abs(finite).max()))
    half_width = compute_half_width(std, n, overlap) if std else None
    return MeanInterval(n, float(finite.mean()), half_width, dropped)


def compute_std(values: AnyArray, scale: float) -> float:
    """The standard deviation of a sample, √(Σ (v - m)² / (n - 1)); 0 where it is rounding beside `scale`."""
    if len(values) < 2:
        return 0.0
    std = float(values.std(ddof=1))
    if std <= ROUNDING_SHARE * scale:
        return 0.0
    return std


def compute_half_width(std: float, n: int, overlap: float = 0.0) -> float:
    """Half the width of the t interval of a mean of n values."""
    from scipy.special import stdtrit  # here, because the import is slow

    return float(stdtrit(n - 1, (1 + CONFIDENCE_LEVEL) / 2)) * std * math.sqrt(1 / n + overlap)
