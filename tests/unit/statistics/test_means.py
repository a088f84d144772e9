"""Means and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nnexp.statistics.means import estimate_mean


def test_the_interval_is_that_of_the_t_distribution() -> None:
    values = [0.91, 0.95, 0.93, 0.99, 0.9]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    found = estimate_mean(values)
    assert found.n == 5
    assert found.value == pytest.approx(np.mean(values))
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_a_mean_of_three_worked_by_hand() -> None:
    # 1, 2, 3: s = 1, t(2 degrees, 97.5 %) = 4.302653 from the tables, 4.302653 / √3 = 2.484138
    assert estimate_mean([1.0, 2.0, 3.0]).half_width == pytest.approx(2.484138, rel=1e-6)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5, 0.5], [0.1 + 0.2, 0.3]])
def test_no_interval_is_invented(values: list[float]) -> None:
    found = estimate_mean(values)
    assert (found.half_width, found.low, found.high) == (None, None, None)
    assert found.value == pytest.approx(values[0])


def test_values_that_are_not_finite_are_dropped_and_counted() -> None:
    found = estimate_mean([0.5, math.nan, 0.7, math.inf])
    assert (found.n, found.dropped) == (2, 2)
    assert found.value == pytest.approx(0.6)


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_of_nothing_there_is_no_mean(values: list[float]) -> None:
    found = estimate_mean(values)
    assert found.n == 0
    assert math.isnan(found.value)
    assert found.half_width is None


def test_folds_that_overlap_widen_the_interval() -> None:
    # ten folds: √(1/10 + 1/9) instead of √(1/10)
    values = [0.9, 0.95, 0.92, 0.97, 0.91, 0.93, 0.96, 0.94, 0.9, 0.95]
    alone, folds = estimate_mean(values).half_width, estimate_mean(values, 1 / 9).half_width
    assert alone is not None
    assert folds == pytest.approx(alone * math.sqrt((1 / 10 + 1 / 9) * 10))
