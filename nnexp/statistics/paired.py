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
"""A p-value up to this counts as a difference, by the convention of the field."""

MAX_EXACT_PAIRS = 12
"""Pairs up to which all 2^n sign flips are counted; beyond, the t test is enough: see the simulation."""

TestName: TypeAlias = Literal["t", "sign flips"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What B has more than A, b - a, over `n` pairs.

    std: that of the differences. half_width: that of the 95 % interval of the mean; None for one pair and for
    differences that are all the same. p_t and p_flips: two-sided p-values, None where a test does not exist. dropped:
    pairs of which a value is missing or not finite, as a run failed or diverged.
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
        if self.half_width is None:
            return None
        return self.mean - self.half_width

    @property
    def high(self) -> float | None:
        if self.half_width is None:
            return None
        return self.mean + self.half_width

    def choose_test(self, level: float = SIGNIFICANCE_LEVEL) -> tuple[float, TestName] | None:
        """The p-value to use where differences up to `level` count, and its test; the module's docstring says why."""
        if self.n < 2:
            return None
        if self.p_t is None:
            assert self.p_flips is not None, "equal differences have a sign-flip test"
            return self.p_flips, "sign flips"
        if self.p_flips is None or compute_min_p_value(self.n) > level or self.p_flips <= self.p_t:
            return self.p_t, "t"
        return self.p_flips, "sign flips"


def compute_paired_difference(a: Mapping[Any, float], b: Mapping[Any, float], overlap: float = 0.0) -> PairedDifference:
    """The difference of values with the same key, such as the same seed.

    Folds of a cross-validation are no independent pairs, as they share training examples: `overlap`, the size of a test
    part over that of its training part, widens their interval. Source: Nadeau & Bengio 2003, Inference for the
    Generalization Error, the corrected resampled t test.

    >>> compute_paired_difference({0: 0.5, 1: 0.75}, {0: 0.75, 1: 1.25, 2: 1.0}).mean
    0.375
    """
    pairs = [(a[key], b[key]) for key in a if key in b]
    first, second = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    both_finite = np.isfinite(first) & np.isfinite(second)
    first, second = first[both_finite], second[both_finite]
    n, dropped = len(first), len(pairs) - len(first)
    if not n:
        return PairedDifference(0, math.nan, dropped=dropped)
    # 0.1 + 0.2 and 0.3 are equal results: what is rounding must not become a difference, nor its std.
    scale = float(np.maximum(np.abs(first), np.abs(second)).max())
    difference = second - first
    difference[np.abs(difference) <= ROUNDING_SHARE * scale] = 0.0
    mean, std = float(difference.mean()), compute_std(difference, scale)
    if abs(mean) <= ROUNDING_SHARE * scale:
        mean = 0.0
    if n == 1:
        return PairedDifference(n, mean, dropped=dropped)
    if not std:
        return PairedDifference(n, mean, p_flips=compute_min_p_value(n) if mean else 1.0, dropped=dropped)
    p_t = _compute_t_p_value(mean / (std * math.sqrt(1 / n + overlap)), n - 1)
    p_flips = compute_sign_flip_p_value(difference) if n <= MAX_EXACT_PAIRS else None
    return PairedDifference(n, mean, std, compute_half_width(std, n, overlap), p_t, p_flips, dropped)


def _compute_t_p_value(t: float, freedom: int) -> float:
    """The two-sided p-value of a t statistic."""
    from scipy.special import stdtr  # here, because the import is slow

    return float(2 * stdtr(freedom, -abs(t)))


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
    # Sums of the same numbers in another order differ in their last bits, and must count as equal.
    slack = ROUNDING_SHARE * float(np.abs(difference).sum())
    return float(np.mean(sums >= abs(float(difference.sum())) - slack))


@lru_cache(maxsize=MAX_EXACT_PAIRS)
def list_sign_assignments(n: int) -> AnyArray:
    """Half of all assignments of signs to n numbers, the other half being their negatives: (2^(n - 1), n)."""
    # Row i has a minus where i has a bit; the last number, whose bit no i has, stays positive.
    return 1.0 - 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
