"""The difference between two variants over the seeds that both have.   n pairs

Which p-value is used was decided by simulation (tests/unit/statistics/test_simulation.py). Where two variants are
equal, their difference is as often positive as negative, whatever its distribution. The sign-flip test needs nothing
else and never says more often than it should that they differ; but it cannot come below 2^(1 - n), so with few seeds it
says nothing. The t test says something from two seeds on. It keeps its rate where differences are normal or have
heavier tails, and exceeds it where they take few values, such as those of accuracies on a small set, or have short
tails. So: the larger p of the two where the sign-flip test can reach the level at all, and where it cannot, that of the
t test, unless all differences are the same: then the t test does not exist, and the sign-flip test's stands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import special

from nnexp.statistics.means import ROUNDING, half_width, spread_of
from nnexp.typing import AnyArray

LEVEL = 0.05
"""A p-value up to this counts as a difference."""

EXACT = 12
"""Pairs up to which all sign flips are counted; beyond, the t test is enough."""

Test: TypeAlias = Literal["t", "sign flips"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What B has more than A, b - a, over `n` pairs.

    spread: the standard deviation of the differences. half: half the width of the 95 % interval of the mean; None for
    one pair and for differences that are all the same. p_t and p_flips: two-sided p-values, None where a test does not
    exist. dropped: pairs of which a value is missing or not finite, as a run failed or diverged.
    """

    n: int
    mean: float
    spread: float = 0.0
    half: float | None = None
    p_t: float | None = None
    p_flips: float | None = None
    dropped: int = 0

    @property
    def low(self) -> float | None:
        return None if self.half is None else self.mean - self.half

    @property
    def high(self) -> float | None:
        return None if self.half is None else self.mean + self.half

    def test(self, level: float = LEVEL) -> tuple[float, Test] | None:
        """The p-value that is used where differences up to `level` count, and the test that it is of."""
        if self.n < 2:
            return None
        if self.p_t is None:
            assert self.p_flips is not None, "differences without spread have a sign-flip test"
            return self.p_flips, "sign flips"
        reaches = self.p_flips is not None and least_p(self.n) <= level
        if reaches and self.p_flips is not None and self.p_flips > self.p_t:
            return self.p_flips, "sign flips"
        return self.p_t, "t"

    def reversed(self) -> Difference:
        """The difference the other way round, a - b."""
        return Difference(self.n, -self.mean, self.spread, self.half, self.p_t, self.p_flips, self.dropped)


def paired(a: Mapping[Any, float], b: Mapping[Any, float], overlap: float = 0.0) -> Difference:
    """The difference of values with the same key, such as the same seed.

    Folds of a cross-validation are no independent pairs, as they share training examples: `overlap`, the size of a test
    part over that of its training part, widens their interval. Source: Nadeau & Bengio 2003, Inference for the
    Generalization Error, the corrected resampled t test.

    >>> paired({0: 0.5, 1: 0.75}, {0: 0.75, 1: 1.25, 2: 1.0}).mean
    0.375
    """
    keys = [key for key in a if key in b]
    first, second = (np.array([values[key] for key in keys], dtype=np.float64) for values in (a, b))
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    n, dropped = len(first), len(keys) - len(first)
    if not n:
        return Difference(0, math.nan, dropped=dropped)
    scale = float(np.maximum(np.abs(first), np.abs(second)).max())
    difference = second - first
    difference[np.abs(difference) <= ROUNDING * scale] = 0.0
    mean, spread = float(difference.mean()), spread_of(difference, scale)
    mean = mean if abs(mean) > ROUNDING * scale else 0.0
    if n == 1:
        return Difference(n, mean, dropped=dropped)
    if not spread:
        return Difference(n, mean, p_flips=least_p(n) if mean else 1.0, dropped=dropped)
    t = mean / (spread * math.sqrt(1 / n + overlap))
    p = float(2 * special.stdtr(n - 1, -abs(t)))
    flips = sign_flips(difference) if n <= EXACT else None
    return Difference(n, mean, spread, half_width(spread, n, overlap), p, flips, dropped)


def least_p(n: int) -> float:
    """The smallest p-value of a sign-flip test: 2 of 2ⁿ assignments of signs are as extreme as all alike."""
    return 2.0 ** (1 - n)


def sign_flips(difference: AnyArray) -> float:
    """The exact two-sided p-value of the hypothesis that every difference might as well have the other sign.

        p = #{signs s : |Σ s_i d_i| ≥ |Σ d_i|} / 2ⁿ

    core: (n) -> (). Source: Fisher 1935, The Design of Experiments, section 21.

    >>> sign_flips(np.array([1.0, 2.0, 3.0]))
    0.25
    """
    sums = np.abs(signs(len(difference)) @ difference)
    slack = ROUNDING * float(np.abs(difference).sum())
    return float(np.mean(sums >= abs(float(difference.sum())) - slack))


@lru_cache(maxsize=EXACT)
def signs(n: int) -> AnyArray:
    """Half of all assignments of signs to n numbers, the other half being their negatives: (2^(n - 1), n)."""
    return 1.0 - 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
