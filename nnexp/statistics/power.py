"""How many seeds would show a difference."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from nnexp.statistics.paired import EXACT, LEVEL, least_p

POWER = 0.8
"""How often the seeds that are called enough would show the difference."""

MOST = 1000
"""More seeds than these nobody trains."""


GRID = (np.arange(1000) + 0.5) / 1000
"""Levels whose quantiles stand for a distribution."""


def power(effect: float, n: int, level: float = LEVEL) -> float:
    """How often n pairs show a difference of `effect` standard deviations.

        P(|T| > c) = E[Φ(δ - c √(V/ν)) + Φ(-δ - c √(V/ν))],   δ = effect · √n,  c = t(1 - level/2)

    T noncentral t with ν = n - 1 degrees of freedom, V chi-squared with as many; the mean over V is that over its
    quantiles, as SciPy's own noncentral t is NaN for large δ. Where the sign-flip test just reaches the level, all
    differences have to have the same sign as well. Source: Cohen 1988, Statistical Power Analysis.
    """
    freedom, shift = n - 1, effect * math.sqrt(n)
    critical = float(special.stdtrit(freedom, 1 - level / 2))
    bound = critical * np.sqrt(2 * special.gammaincinv(freedom / 2, GRID) / freedom)
    found = float(np.mean(special.ndtr(shift - bound) + special.ndtr(-shift - bound)))
    if n <= EXACT and least_p(n) <= level < 2 * least_p(n):
        return min(found, float(special.ndtr(effect) ** n + special.ndtr(-effect) ** n))
    return found


def seeds_needed(effect: float, level: float = LEVEL) -> int | None:
    """The fewest pairs with which a difference of `effect` standard deviations is shown four times of five.

    None where even `MOST` are too few. A difference without any spread is shown where the sign-flip test reaches the
    level.

    >>> seeds_needed(0.5), seeds_needed(0.01)
    (34, None)
    """
    effect = abs(effect)
    if math.isinf(effect):
        return next(n for n in range(2, MOST) if least_p(n) <= level)
    if power(effect, MOST, level) < POWER:
        return None
    for n in range(2, EXACT + 1):
        if power(effect, n, level) >= POWER:
            return n
    few, enough = EXACT, MOST
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if power(effect, middle, level) >= POWER else (middle, enough)
    return enough
