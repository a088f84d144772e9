"""How many seeds would show a difference."""

from __future__ import annotations

import math

import numpy as np

from nnexp.statistics.paired import MAX_EXACT_PAIRS, SIGNIFICANCE_LEVEL, compute_min_p_value

MIN_POWER = 0.8
"""How often the seeds that are called enough would show the difference: Cohen's convention."""

MAX_SEEDS = 1000
"""More seeds than these nobody trains."""

QUANTILE_LEVELS = (np.arange(1000) + 0.5) / 1000
"""Levels whose quantiles stand for a distribution."""


def compute_power(effect: float, n: int, level: float = SIGNIFICANCE_LEVEL) -> float:
    """How often n pairs show a difference of `effect` standard deviations.

        P(|T| > c) = E[Φ(δ - c √(V/ν)) + Φ(-δ - c √(V/ν))],   δ = effect · √n,  c = t(1 - level/2)

    T noncentral t with ν = n - 1 degrees of freedom, V chi-squared with as many; the mean over V is that over its
    quantiles, as SciPy's own noncentral t is NaN for large δ. Where the sign-flip test just reaches the level, all
    differences have to have the same sign as well. Source: Cohen 1988, Statistical Power Analysis.
    """
    from scipy import special  # here, because the import is slow

    freedom, shift = n - 1, effect * math.sqrt(n)
    critical = float(special.stdtrit(freedom, 1 - level / 2))
    bound = critical * np.sqrt(2 * special.gammaincinv(freedom / 2, QUANTILE_LEVELS) / freedom)
    found = float(np.mean(special.ndtr(shift - bound) + special.ndtr(-shift - bound)))
    if n <= MAX_EXACT_PAIRS and compute_min_p_value(n) <= level < 2 * compute_min_p_value(n):
        return min(found, float(special.ndtr(effect) ** n + special.ndtr(-effect) ** n))
    return found


def find_seeds_needed(effect: float, level: float = SIGNIFICANCE_LEVEL) -> int | None:
    """The fewest pairs with which a difference of `effect` standard deviations is shown four times of five.

    None where even `MAX_SEEDS` are too few. Of differences that are all the same the effect is infinite: they are shown
    where the sign-flip test reaches the level.

    >>> find_seeds_needed(0.5), find_seeds_needed(0.01)
    (34, None)
    """
    effect = abs(effect)
    if math.isinf(effect):
        return next(n for n in range(2, MAX_SEEDS) if compute_min_p_value(n) <= level)
    if compute_power(effect, MAX_SEEDS, level) < MIN_POWER:
        return None
    # One by one: where the sign-flip test begins to count, one pair more may show less.
    for n in range(2, MAX_EXACT_PAIRS + 1):
        if compute_power(effect, n, level) >= MIN_POWER:
            return n
    # Beyond, power grows with the pairs, and halving finds the fewest that are enough.
    few, enough = MAX_EXACT_PAIRS, MAX_SEEDS
    while enough - few > 1:
        middle = (few + enough) // 2
        if compute_power(effect, middle, level) >= MIN_POWER:
            enough = middle
        else:
            few = middle
    return enough
