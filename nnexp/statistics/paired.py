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

from nnexp.statistics.means import ROUNDING_SHARE, compute_half_width, compute_std
from nnexp.typing import AnyArray

SIGNIFICANCE_LEVEL = 0.05
"""A p-value up to this counts as a difference."""

MAX_EXACT_PAIRS = 12
"""Pairs up to which all sign flips are counted; beyond, the t test is enough."""

TestName: TypeAlias = Literal["t", "sign flips"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What B has more than A, b - a, over `n` pairs.

    spread: the standard deviation of the differences. half: half the width of the 95 % interval of the mean; None for
    one pair and for differences that are all the same. p_t and p_flips: two-sided p-values, None where a test does not
    exist. dropped: pairs of which a value is missing or not finite, as a run failed or diverged.
    """

    n: int
    mean: float
    std: float = 0.0
    half_width: float | None = None
    p_t: float | None = None
    p_flips: float | None = None
    dropped: int = 0

    @property
    def low(self) -> float | None:
        return None if self.half_width is None else self.mean - self.half_width

    @property
    def high(self) -> float | None:
        return None if self.half_width is None else self.mean + self.half_width

    def choose_test(self, level: float = SIGNIFICANCE_LEVEL) -> tuple[float, TestName] | None:
        """The p-value that is used where differences up to `level` count, and the test that it is of."""
        if self.n < 2:
            return None
        if self.p_t is None:
            assert self.p_flips is not None, "differences without spread have a sign-flip test"
            return self.p_flips, "sign flips"
        reaches = self.p_flips is not None and compute_min_p_value(self.n) <= level
        if reaches and self.p_flips is not None and self.p_flips > self.p_t:
            return self.p_flips, "sign flips"
        return self.p_t, "t"

    def reverse_sign(self) -> PairedDifference:
        """The difference the other way round, a - b."""
        return PairedDifference(self.n, -self.mean, self.std, self.half_width, self.p_t, self.p_flips, self.dropped)


def compute_paired_difference(a: Mapping[Any, float], b: Mapping[Any, float], overlap: float = 0.0) -> PairedDifference:
    """The difference of values with the same key, such as the same seed.

    Folds of a cross-validation are no independent pairs, as they share training examples: `overlap`, the size of a test
    part over that of its training part, widens their interval. Source: Nadeau & Bengio 2003, Inference for the
    Generalization Error, the corrected resampled t test.

    >>> compute_paired_difference({0: 0.5, 1: 0.75}, {0: 0.75, 1: 1.25, 2: 1.0}).mean
    0.375
    """
    keys = [key for key in a if key in b]
    first, second = (np.array([values[key] for key in keys], dtype=np.float64) for values in (a, b))
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    n, dropped = len(first), len(keys) - len(first)
    if not n:
        return PairedDifference(0, math.nan, dropped=dropped)
    scale = float(np.maximum(np.abs(first), np.abs(second)).max())
    difference = second - first
    difference[np.abs(difference) <= ROUNDING_SHARE * scale] = 0.0
    mean, spread = float(difference.mean()), compute_std(difference, scale)
    mean = mean if abs(mean) > ROUNDING_SHARE * scale else 0.0
    if n == 1:
        return PairedDifference(n, mean, dropped=dropped)
    if not spread:
        return PairedDifference(n, mean, p_flips=compute_min_p_value(n) if mean else 1.0, dropped=dropped)

    from scipy.special import stdtr  # here, because the import is slow

    t = mean / (spread * math.sqrt(1 / n + overlap))
    p = float(2 * stdtr(n - 1, -abs(t)))
    flips = compute_sign_flip_p_value(difference) if n <= MAX_EXACT_PAIRS else None
    return PairedDifference(n, mean, spread, compute_half_width(spread, n, overlap), p, flips, dropped)


def compute_min_p_value(n: int) -> float:
    """The smallest p-value of a sign-flip test: 2 of 2ⁿ assignments of signs are as extreme as all alike."""
    return 2.0 ** (1 - n)


def compute_sign_flip_p_value(difference: AnyArray) -> float:
    """The exact two-sided p-value of the hypothesis that every difference might as well have the other sign.

        p = #{signs s : |Σ s_i d_i| ≥ |Σ d_i|} / 2ⁿ

    core: (n) -> (). Source: Fisher 1935, The Design of Experiments, section 21.

    >>> compute_sign_flip_p_value(np.array([1.0, 2.0, 3.0]))
    0.25
    """
    sums = np.abs(list_sign_assignments(len(difference)) @ difference)
    slack = ROUNDING_SHARE * float(np.abs(difference).sum())
    return float(np.mean(sums >= abs(float(difference.sum())) - slack))


@lru_cache(maxsize=MAX_EXACT_PAIRS)
def list_sign_assignments(n: int) -> AnyArray:
    """Half of all assignments of signs to n numbers, the other half being their negatives: (2^(n - 1), n)."""
    return 1.0 - 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
