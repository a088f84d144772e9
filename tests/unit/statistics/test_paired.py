"""Paired differences and their p-values."""

from __future__ import annotations

import math
from collections.abc import Hashable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nnexp.statistics.paired import (
    MAX_EXACT_PAIRS,
    SIGNIFICANCE_LEVEL,
    PairedDifference,
    compute_min_p_value,
    compute_paired_difference,
    compute_sign_flip_p_value,
)

A = [0.81, 0.84, 0.79, 0.86, 0.83, 0.80, 0.85]
B = [0.85, 0.86, 0.84, 0.87, 0.82, 0.86, 0.90]


def by_seed(values: list[float]) -> dict[Hashable, float]:
    return dict(enumerate(values))


def of(*differences: float) -> PairedDifference:
    return compute_paired_difference(by_seed([0.0] * len(differences)), by_seed(list(differences)))


def test_it_is_scipys_paired_t_test() -> None:
    found, theirs = compute_paired_difference(by_seed(A), by_seed(B)), stats.ttest_rel(B, A)
    interval = theirs.confidence_interval(0.95)
    assert found.n == 7
    assert found.mean == pytest.approx(np.mean(B) - np.mean(A))
    assert found.p_t == pytest.approx(theirs.pvalue)
    assert found.low == pytest.approx(interval.low)
    assert found.high == pytest.approx(interval.high)


def test_students_sleep_data() -> None:
    # Student 1908: additional hours of sleep of ten patients with two drugs; t = 4.0621, p = 0.002833
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = compute_paired_difference(by_seed(first), by_seed(second))
    assert found.mean == pytest.approx(1.58)
    assert found.p_t == pytest.approx(0.002833, abs=5e-7)
    assert found.low == pytest.approx(0.7001142)
    assert found.high == pytest.approx(2.4598858)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3], 2 / 8),  # +++ and ---
        ([1, -2, 3], 6 / 8),  # sum 2: only +1 +2 -3 = 0 and its negative are smaller
        ([1, 1, 1, 1, 1, 1], 2 / 64),
        ([3, 2, -1], 4 / 8),  # sum 4: ±6 and ±4
        ([0, 0, 1], 1),  # ±1 whatever the signs
        ([1, 2, 3, 4, 5, -1], 6 / 64),  # sum 14: ±16, and ±14 by turning one of the two 1
    ],
)
def test_sign_flips_counted_by_hand(differences: list[float], p: float) -> None:
    assert compute_sign_flip_p_value(np.array(differences, dtype=float)) == p


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=7))
def test_sign_flips_are_all_of_them(differences: list[int]) -> None:
    values = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in _signs(len(differences))]
    expected = np.mean([value >= abs(sum(differences)) for value in values])
    assert compute_sign_flip_p_value(np.array(differences, dtype=float)) == expected


def _signs(n: int) -> list[tuple[int, ...]]:
    return list(product((1, -1), repeat=n))


def test_sign_flips_are_scipys() -> None:
    differences = np.array(B) - np.array(A)
    theirs = stats.permutation_test([differences], np.sum, permutation_type="samples", n_resamples=1000)
    assert compute_sign_flip_p_value(differences) == pytest.approx(theirs.pvalue)


def test_ties_in_rounded_accuracies_are_ties() -> None:
    # 0.3 - 0.2 and 0.2 - 0.1 differ in their last bits alone
    found = compute_paired_difference(by_seed([0.2, 0.1, 0.7]), by_seed([0.3, 0.2, 0.8]))
    assert (found.std, found.half_width, found.p_t) == (0.0, None, None)
    assert found.p_flips == 0.25


def test_where_all_differences_are_the_same_the_signs_alone_say_something() -> None:
    assert of(*[0.1] * 5).choose_test() == (0.0625, "sign flips")
    assert of(*[0.1] * 30).choose_test() == (2.0**-29, "sign flips")
    assert of(0.0, 0.0, 0.0).choose_test() == (1.0, "sign flips")


def test_with_few_pairs_the_t_test_is_used() -> None:
    found = of(0.10, 0.11, 0.12, 0.10, 0.11)
    assert found.p_flips == compute_min_p_value(5) > SIGNIFICANCE_LEVEL
    assert found.choose_test() == (found.p_t, "t")
    assert found.p_t is not None
    assert found.p_t < SIGNIFICANCE_LEVEL


def test_where_sign_flips_can_reach_the_level_the_larger_p_is_used() -> None:
    found = of(0.10, 0.11, 0.12, 0.10, 0.11, 0.12)
    assert found.p_t is not None
    assert found.p_t < 0.001
    assert found.choose_test() == (0.03125, "sign flips")
    assert found.choose_test(0.05 / 6) == (found.p_t, "t")
    wild = of(1.0, 1.1, 0.9, 1.0, 1.2, 30.0)
    assert wild.choose_test() == (wild.p_t, "t")


def test_beyond_twelve_pairs_the_t_test_is_enough() -> None:
    found = of(*np.random.default_rng(0).normal(size=MAX_EXACT_PAIRS + 1))
    assert found.p_flips is None
    assert found.choose_test() == (found.p_t, "t")


def test_pairs_with_a_run_that_failed_are_dropped_and_counted() -> None:
    found = compute_paired_difference({0: 0.5, 1: math.nan, 2: 0.7, 3: 0.6}, {0: 0.6, 1: 0.9, 2: math.inf, 4: 0.1})
    assert (found.n, found.dropped) == (1, 2)
    assert found.mean == pytest.approx(0.1)


def test_seeds_and_not_places_are_paired() -> None:
    assert compute_paired_difference({2: 1.0, 1: 5.0}, {1: 6.0, 2: 3.0}).mean == pytest.approx(1.5)


def test_one_pair_has_no_interval_and_no_p() -> None:
    found = of(0.25)
    assert (found.n, found.mean, found.half_width, found.choose_test()) == (1, 0.25, None, None)


def test_without_a_seed_in_common_nothing_is_compared() -> None:
    found = compute_paired_difference({0: 0.5}, {1: 0.6})
    assert found.n == 0
    assert math.isnan(found.mean)
    assert found.choose_test() is None


def test_the_other_way_round_only_the_sign_changes() -> None:
    one, other = compute_paired_difference(by_seed(A), by_seed(B)), compute_paired_difference(by_seed(B), by_seed(A))
    assert other.mean == pytest.approx(-one.mean)
    assert other.p_flips == one.p_flips
    assert other.p_t == pytest.approx(one.p_t)
    assert other.half_width == pytest.approx(one.half_width)


def test_folds_are_corrected_for_their_overlap() -> None:
    # five folds: t is divided by √((1/5 + 1/4) · 5) = 1.5
    a, b = by_seed(A[:5]), by_seed(B[:5])
    plain, folds = compute_paired_difference(a, b), compute_paired_difference(a, b, 1 / 4)
    theirs = stats.ttest_rel(B[:5], A[:5])
    assert folds.p_t == pytest.approx(2 * stats.t.sf(theirs.statistic / 1.5, 4))
    assert plain.half_width is not None
    assert folds.half_width == pytest.approx(1.5 * plain.half_width)
