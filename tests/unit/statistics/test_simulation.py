"""How often the statistics are wrong, found out by drawing many sweeps in which the truth is known.

What decided which p-value is used (20,000 draws for each entry, level 0.05): how often a difference is found where
there is none.

    differences                  test         n = 3    n = 5    n = 8    n = 12   n = 30
    normal                       t            0.051    0.049    0.050    0.052    0.050
    normal                       sign flips   0        0        0.046    0.045    -
    whole steps, deviation 1     t            0.033    0.042    0.062    0.046    0.050
    whole steps, deviation 1     sign flips   0        0        0.009    0.019    -
    always +1 or -1              t            0.247    0.060    0.068    0.039    0.045
    uniform                      t            0.077    0.065    0.055    0.055    0.051
    exponential, mean 0          t            0.114    0.118    0.108    0.097    0.072

Whole steps are those of accuracies on a small part. The last line is no case of equal variants, as the difference of
equal ones is symmetric; it says how far off the test of a mean and its interval are where differences are skewed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from nnexp.statistics.means import estimate_mean
from nnexp.statistics.paired import SIGNIFICANCE_LEVEL, compute_paired_difference
from nnexp.statistics.verdicts import RankingMetric, compute_verdicts
from nnexp.typing import AnyArray

SIZES = (3, 5, 12, 30)

VARIANTS = 4
"""Each beside each other: six comparisons."""

LOSS = RankingMetric("dev_loss", larger_is_better=False, is_share=False)


def most(rate: float, draws: int) -> float:
    """What a rate may come to in so many draws, but for one time in a thousand."""
    return float(stats.binom.ppf(0.999, draws, rate)) / draws


def least(rate: float, draws: int) -> float:
    return float(stats.binom.ppf(0.001, draws, rate)) / draws


def normal(rng: Generator, seeds: int) -> AnyArray:
    """Losses of equal variants: what the seed does to all, and what it does to each.    (seeds, VARIANTS)"""
    return 0.3 + 0.02 * rng.normal(size=(seeds, 1)) + 0.01 * rng.normal(size=(seeds, VARIANTS))


def accuracies(rng: Generator, seeds: int) -> AnyArray:
    """Accuracies on 180 examples, which are multiples of 1/180."""
    return np.round(180 * (1 - normal(rng, seeds) / 5)) / 180


def heavy(rng: Generator, seeds: int) -> AnyArray:
    """Losses with a wild seed now and then."""
    return 0.3 + 0.01 * rng.standard_t(2, size=(seeds, VARIANTS))


def skewed(rng: Generator, seeds: int) -> AnyArray:
    """Losses that are far off in one direction only."""
    return 0.3 + 0.01 * rng.exponential(size=(seeds, VARIANTS))


FAMILIES = [normal, accuracies, heavy, skewed]

Family = Callable[[Generator, int], AnyArray]


def alarms(family: Family, seeds: int, draws: int) -> tuple[float, float]:
    """How often the first two of equal variants are said to differ, and the best to beat any other."""
    rng = np.random.default_rng([seeds, draws])
    two = best = 0
    for _ in range(draws):
        columns = [dict(enumerate(column)) for column in family(rng, seeds).T.tolist()]
        [verdict] = compute_verdicts([("A", "B", compute_paired_difference(columns[0], columns[1]))], LOSS)
        two += verdict.conclusion in ("better", "worse")
        first, *others = sorted(columns, key=lambda column: sum(column.values()))
        pairs = [("other", "best", compute_paired_difference(other, first)) for other in others]
        best += any(
            v.conclusion in ("better", "worse") for v in compute_verdicts(pairs, LOSS, VARIANTS * (VARIANTS - 1) // 2)
        )
    return two / draws, best / draws


@pytest.mark.parametrize("seeds", SIZES)
@pytest.mark.parametrize("family", FAMILIES)
def test_equal_variants_are_said_to_differ_one_time_in_twenty_at_most(family: Family, seeds: int) -> None:
    two, best = alarms(family, seeds, 2000)
    assert two <= most(SIGNIFICANCE_LEVEL, 2000)
    assert best <= most(SIGNIFICANCE_LEVEL, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 4, 5, 6, 7, 8, 12, 30])
@pytest.mark.parametrize("family", FAMILIES)
def test_equal_variants_in_many_draws(family: Family, seeds: int) -> None:
    two, best = alarms(family, seeds, 10_000)
    assert two <= most(SIGNIFICANCE_LEVEL, 10_000)
    assert best <= most(SIGNIFICANCE_LEVEL, 10_000)


def coverage(draw: Callable[[Generator, int], AnyArray], truth: float, n: int, draws: int) -> tuple[float, float]:
    """How often the intervals of a paired difference and of a mean hold the truth."""
    rng = np.random.default_rng([n, draws])
    held = means = 0
    for _ in range(draws):
        values = draw(rng, n)
        base = rng.normal(size=n)
        found = compute_paired_difference(dict(enumerate(base)), dict(enumerate(base + values)))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        mean = estimate_mean(list(values))
        assert mean.low is not None
        assert mean.high is not None
        means += mean.low <= truth <= mean.high
    return held / draws, means / draws


def normal_differences(rng: Generator, n: int) -> AnyArray:
    return 0.01 + 0.02 * rng.normal(size=n)


def exponential_differences(rng: Generator, n: int) -> AnyArray:
    return 0.01 * rng.exponential(size=n)


SKEWED_COVERAGE = {3: 0.886, 5: 0.882, 12: 0.903, 30: 0.928}
"""That of 95 % intervals where differences are exponential, a strong skew: up to seven percentage points too little."""


@pytest.mark.parametrize("n", SIZES)
def test_intervals_hold_the_truth_at_their_rate(n: int) -> None:
    for held in coverage(normal_differences, 0.01, n, 2000):
        assert least(0.95, 2000) <= held <= most(0.95, 2000)


@pytest.mark.parametrize(("n", "rate"), SKEWED_COVERAGE.items())
def test_intervals_of_skewed_differences_hold_it_less_often_by_as_much_as_is_said(n: int, rate: float) -> None:
    for held in coverage(exponential_differences, 0.01, n, 2000):
        assert least(rate - 0.005, 2000) <= held <= most(rate + 0.005, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("n", SIZES)
def test_intervals_in_many_draws(n: int) -> None:
    draws, rate = 40_000, SKEWED_COVERAGE[n]
    for held in coverage(normal_differences, 0.01, n, draws):
        assert least(0.95, draws) <= held <= most(0.95, draws)
    for held in coverage(exponential_differences, 0.01, n, draws):
        assert abs(held - rate) < 0.006


@pytest.mark.parametrize("effect", [0.7, 1.0, 1.5, 2.0])
def test_as_many_seeds_as_are_called_enough_show_the_difference_four_times_of_five(effect: float) -> None:
    rng, draws = np.random.default_rng(7), 1000
    base = compute_paired_difference(
        {0: 0.0, 1: 0.0}, {0: effect + np.sqrt(0.5), 1: effect - np.sqrt(0.5)}
    )  # mean effect, deviation 1
    [verdict] = compute_verdicts([("A", "B", base)], LOSS)
    assert verdict.pairs_needed is not None
    n = verdict.pairs_needed
    shown = 0
    for _ in range(draws):
        found = compute_paired_difference(dict.fromkeys(range(n), 0.0), dict(enumerate(effect + rng.normal(size=n))))
        shown += compute_verdicts([("A", "B", found)], LOSS)[0].conclusion == "worse"
    assert least(0.8, draws) <= shown / draws <= most(0.93, draws)
