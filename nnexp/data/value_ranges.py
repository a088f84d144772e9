"""Between which bounds the numbers of a set lie.

M examples, F features or channels
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nnexp.typing import AnyArray, Array, IntArray

BLOCK_BYTES = 2**20
"""How much is turned into double precision at once."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueRanges:
    """Of every feature, or of every channel over all pixels (F): the numbers that are missing, NaN, and of the others
    the least, the mean, the largest, and the standard deviation √(Σ (x - μ)² / N). NaN where all are missing.
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

    Everything is added up for each number of an example first, which is quick, and then over the pixels.
    """
    low, high = np.full(x[0].size, np.nan), np.full(x[0].size, np.nan)
    total, missing = np.zeros(x[0].size), np.zeros(x[0].size, np.int64)
    for block in _read_blocks(x):
        unknown = np.isnan(block)
        low, high = np.fmin(low, np.fmin.reduce(block)), np.fmax(high, np.fmax.reduce(block))
        missing += np.count_nonzero(unknown, axis=0)
        total += np.sum(block, axis=0, where=~unknown) if unknown.any() else block.sum(axis=0)
    shape = (-1, x.shape[-1])
    lost = missing.reshape(shape).sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0 / 0 where all are missing
        known = x.size // x.shape[-1] - lost
        mean = total.reshape(shape).sum(axis=0) / known
        squares = _sum_squares(x, np.resize(mean, total.size)).reshape(shape).sum(axis=0)
        low, high = np.fmin.reduce(low.reshape(shape)), np.fmax.reduce(high.reshape(shape))
        return ValueRanges(lost, low, mean, high, np.sqrt(squares / known))


def _sum_squares(x: AnyArray, mean: Array) -> Array:
    """Σ (x - μ)² over the examples, of each number of an example, without those that are missing."""
    total = np.zeros(len(mean))
    for block in _read_blocks(x):
        squares = np.square(np.subtract(block, mean, out=block), out=block)
        unknown = np.isnan(squares)
        total += np.sum(squares, axis=0, where=~unknown) if unknown.any() else squares.sum(axis=0)
    return total


def _read_blocks(x: AnyArray) -> Iterator[Array]:
    """Some examples after another, each as a row."""
    step = max(1, BLOCK_BYTES // max(1, 8 * x[0].size))
    for start in range(0, len(x), step):
        yield x[start : start + step].astype(np.float64).reshape(-1, x[0].size)
