"""Statistics of every feature over the examples of a set.   M examples, N of them measured"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nnexp.typing import AnyArray, Array, IntArray

BLOCK_BYTES = 2**26
"""How much is turned into double precision at once.

Sums are rounded block by block, so that another size changes the last bits of every normalisation.
"""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTotals:
    """Of every feature: how many numbers are missing, and of the others the least, the largest and the sum."""

    missing: IntArray
    minimum: Array
    maximum: Array
    total: Array


class FeatureStatistics:
    """Statistics of every feature over some examples `rows` of a set x (M, ...), in double precision.

    NaN, a number that is missing, is left out; a feature that is missing altogether has NaN for its statistics. The
    examples are read in blocks, so that a set of bytes is never held in double precision as a whole.
    """

    def __init__(self, x: AnyArray, rows: IntArray | None = None, block_bytes: int = BLOCK_BYTES) -> None:
        self._x = x
        self._rows = rows
        self._count = len(x) if rows is None else len(rows)
        self._block_examples = max(1, block_bytes // max(1, 8 * x[:1].size))

    @cached_property
    def totals(self) -> FeatureTotals:
        """What one pass over the examples tells."""
        shape = self._x.shape[1:]
        missing = np.zeros(shape, np.int64)
        minimum = np.full(shape, np.nan)
        maximum = np.full(shape, np.nan)
        total = np.zeros(shape)
        for block in self._read_blocks():
            missing += np.count_nonzero(np.isnan(block), axis=0)
            minimum = np.fmin(minimum, np.fmin.reduce(block))
            maximum = np.fmax(maximum, np.fmax.reduce(block))
            total += _sum_known(block)
        return FeatureTotals(missing, minimum, maximum, total)

    def compute_min(self) -> Array:
        """The least value of each feature."""
        return self.totals.minimum

    def compute_max(self) -> Array:
        """The largest value of each feature."""
        return self.totals.maximum

    def compute_mean(self) -> Array:
        """The mean μ of each feature."""
        return self.totals.total / (self._count - self.totals.missing)

    def compute_std(self, mean: Array) -> Array:
        """The standard deviation of each feature around its mean: √(Σ (x - μ)² / N)."""
        return np.sqrt(self.sum_squares(mean) / (self._count - self.totals.missing))

    def sum_squares(self, mean: Array) -> Array:
        """Σ (x - μ)² of each feature, in a second pass: Σ x² - N μ² would lose the digits that a large μ has."""
        total = np.zeros(self._x.shape[1:])
        for block in self._read_blocks():
            np.subtract(block, mean, out=block)
            total += _sum_known(np.square(block, out=block))
        return total

    def _read_blocks(self) -> Iterator[Array]:
        """Some examples after another, as a copy in double precision."""
        for start in range(0, self._count, self._block_examples):
            rows: slice | IntArray = slice(start, start + self._block_examples)
            if self._rows is not None:
                rows = self._rows[rows]
            yield self._x[rows].astype(np.float64)


def _sum_known(block: Array) -> Array:
    """The sum over the examples of a block, without what is missing."""
    unknown = np.isnan(block)
    if not unknown.any():
        return block.sum(axis=0)  # twice as fast as under a mask
    return np.sum(block, axis=0, where=~unknown)
