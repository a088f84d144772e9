"""Between which bounds the numbers of a set lie.

M examples, F features or channels
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.typing import AnyArray, Array, IntArray

BLOCK_BYTES = 2**20
"""How much is turned into double precision at once: what the cache holds, so that both passes are quick."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueRanges:
    """Of every feature, or of every channel over all pixels (F): the number of missing values, NaN, and of the others
    min, mean, max, and the standard deviation √(Σ (x - μ)² / N). NaN where all are missing.
    """

    missing: IntArray
    minimum: Array
    mean: Array
    maximum: Array
    std: Array

    def overall_range(self) -> tuple[float, float]:
        """The least and the largest of all numbers."""
        return float(np.fmin.reduce(self.minimum)), float(np.fmax.reduce(self.maximum))


def measure_ranges(x: AnyArray) -> ValueRanges:
    """Ranges of a set x (M, F) or (M, ..., F), read in blocks twice and never held in double precision as a whole.

    Each number of an example is added up over the examples first, which is quick, and then over the pixels.
    """
    statistics = FeatureStatistics(x, block_bytes=BLOCK_BYTES)
    totals = statistics.totals
    by_pixel = (-1, x.shape[-1])
    missing = totals.missing.reshape(by_pixel).sum(axis=0)
    known = x.size // x.shape[-1] - missing
    with np.errstate(invalid="ignore"):  # 0 / 0 where all are missing
        mean = totals.total.reshape(by_pixel).sum(axis=0) / known
        squares = statistics.sum_squares(mean).reshape(by_pixel).sum(axis=0)
        minimum = np.fmin.reduce(totals.minimum.reshape(by_pixel))
        maximum = np.fmax.reduce(totals.maximum.reshape(by_pixel))
        return ValueRanges(missing, minimum, mean, maximum, np.sqrt(squares / known))
