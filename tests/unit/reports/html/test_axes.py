"""Where axes and bands end, and what stands beside bars."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.reports.html.curves import MeanCurve
from nnexp.reports.html.figures.base import PAGE_STYLE
from nnexp.reports.html.figures.lines import CurveLine, find_min_positive, has_zero_interval, make_axis, plot_lines
from nnexp.reports.html.figures.scales import MAX_LOG_TICKS, find_extent, make_log_ticks
from nnexp.reports.html.figures.shares import round_percents
from nnexp.statistics.means import estimate_mean


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=5))
def test_a_logarithmic_axis_has_numbers_at_both_ends_and_few_between(numbers: list[float]) -> None:
    low, high = find_extent(numbers, log=True)
    found = make_log_ticks(low, high)
    assert (found[0], found[-1]) == (low, high)
    assert low <= min(numbers) <= max(numbers) <= high
    assert 2 <= len(found) <= MAX_LOG_TICKS


@pytest.mark.parametrize("numbers", [[0.3, 1.72], [0.0, 0.05], [-3.0, 7.0], [5.0, 5.0], [1e-9, 3e-9]])
def test_a_linear_axis_holds_its_numbers_and_begins_at_zero_at_the_lowest(numbers: list[float]) -> None:
    low, high = find_extent(numbers, log=False)
    assert low <= min(numbers)
    assert high >= max(numbers)
    assert low >= 0 or min(numbers) < 0


def test_a_band_that_reaches_zero_ends_at_the_lowest_number_of_its_line() -> None:
    # t(1, 0.975) = 12.7062: the means 1 and 0.02 with half intervals 12.7 and 0.0127
    means = (estimate_mean([0.0, 2.0]), estimate_mean([0.019, 0.021]))
    line = CurveLine("a", "dev", MeanCurve((1, 2), means))
    axis = make_axis([line], "loss", {"a": "red"}, share=False, log=None)
    assert axis.range.is_log
    assert has_zero_interval([line], axis)
    assert find_min_positive(line) == pytest.approx(0.02 - 12.7062 * 0.001, rel=1e-4)
    chart: dict[str, Any] = plot_lines([line], axis, style=PAGE_STYLE).to_dict(validate=False)
    [band] = [layer for layer in chart["layer"] if layer["mark"]["type"] == "area"]
    rows: list[dict[str, float]] = chart["datasets"][band["data"]["name"]]
    assert [row["low"] for row in rows] == pytest.approx([axis.range.low, axis.range.low], rel=0.3)
    assert not has_zero_interval([CurveLine("a", "dev", MeanCurve((1,), (estimate_mean([1.0, 1.001]),)))], axis)


def test_the_marks_of_a_logarithmic_axis_are_all_written() -> None:
    line = CurveLine("a", "dev", MeanCurve((1, 2), (estimate_mean([1.7]), estimate_mean([0.012]))))
    axis = make_axis([line], "loss", {"a": "red"}, share=False, log=None)
    assert (axis.range.low, axis.range.high) == (0.01, 2.0)
    made: Any = axis.encode_y("value").to_dict()
    written = made["axis"]
    assert written["values"] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
    assert not written["labelOverlap"]


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
def test_percents_of_a_whole_add_up_and_are_off_by_less_than_one(parts: list[float]) -> None:
    shares = [part / math.fsum(parts) for part in parts]
    found = [int(text.removesuffix("%")) for text in round_percents(shares)]
    assert sum(found) == 100
    assert all(abs(number - 100 * share) < 1 for number, share in zip(found, shares, strict=True))
