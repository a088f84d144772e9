"""What a normalisation is fitted from.   N examples"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnexp.typing import AnyArray, Array, IntArray

BLOCK_BYTES = 2**26
"""How much is turned into double precision at once."""


class FeatureStatistics:
    """Statistics of every feature over some examples `rows` of a set x (M, ...), in double precision.

    The examples are read in blocks, so that a set of bytes is never held in double precision as a whole.
    """

    def __init__(self, x: AnyArray, rows: IntArray) -> None:
        self._x, self._rows = x, rows

    def compute_min(self) -> Array:
        """The least value of each feature."""
        return np.min([block.min(axis=0) for block in self._read_blocks()], axis=0)

    def compute_max(self) -> Array:
        """The largest value of each feature."""
        return np.max([block.max(axis=0) for block in self._read_blocks()], axis=0)

    def compute_mean(self) -> Array:
        """The mean μ of each feature."""
        return sum(block.sum(axis=0) for block in self._read_blocks()) / len(self._rows)

    def compute_std(self, mean: Array) -> Array:
        """The standard deviation of each feature around its mean: √(Σ (x - μ)² / N)."""
        return np.sqrt(sum(np.square(block - mean).sum(axis=0) for block in self._read_blocks()) / len(self._rows))

    def _read_blocks(self) -> Iterator[Array]:
        step = max(1, BLOCK_BYTES // max(1, 8 * self._x[:1].size))
        for start in range(0, len(self._rows), step):
            yield self._x[self._rows[start : start + step]].astype(np.float64)
