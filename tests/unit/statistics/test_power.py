"""How many seeds would show a difference."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from nnexp.statistics.power import MAX_SEEDS, compute_power, find_seeds_needed


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_cohens_small_medium_and_large_effects(effect: float, n: int) -> None:
    # the sample sizes that G*Power gives for a paired t test, two-sided, level 0.05, power 0.80
    assert find_seeds_needed(effect) == n


@pytest.mark.parametrize(("effect", "n", "level"), [(0.5, 34, 0.05), (1.0, 10, 0.05), (3.0, 3, 0.05), (2.0, 7, 0.008)])
def test_power_is_that_of_the_noncentral_t(effect: float, n: int, level: float) -> None:
    critical, shift = stats.t.ppf(1 - level / 2, n - 1), effect * math.sqrt(n)
    theirs = stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)
    assert compute_power(effect, n, level) == pytest.approx(theirs, abs=2e-4)


def test_it_is_enough_and_one_less_is_not() -> None:
    for effect in (0.3, 0.7, 1.3, 2.9):
        n = find_seeds_needed(effect)
        assert n is not None
        assert compute_power(effect, n) >= 0.8 > compute_power(effect, n - 1)


def test_without_a_difference_the_power_is_the_level() -> None:
    assert compute_power(0.0, 7, 0.05) == pytest.approx(0.05, abs=1e-3)


def test_a_stricter_level_needs_more_seeds() -> None:
    plain, strict = find_seeds_needed(0.8), find_seeds_needed(0.8, 0.05 / 6)
    assert plain is not None
    assert strict is not None
    assert strict > plain


def test_too_small_a_difference_is_never_shown() -> None:
    assert find_seeds_needed(0.01) is None
    assert compute_power(0.01, MAX_SEEDS) < 0.8


def test_the_sign_does_not_matter() -> None:
    assert find_seeds_needed(-0.5) == find_seeds_needed(0.5)


def test_a_difference_without_spread_needs_enough_signs() -> None:
    assert find_seeds_needed(math.inf) == 6  # 2 · 2⁻⁶ = 0.031, and 2 · 2⁻⁵ = 0.0625
