"""Dates of every usual spelling have the order of the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nnexp.data.formats.csv.split_keys import parse_dates

DAYS = pd.date_range("2023-12-20", periods=50, tz="UTC")
"""Days that go over a month's and a year's end, before the 12th of a month and after it."""

SPELLINGS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d %H:%M")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_days_are_those_of_the_calendar(spelling: str) -> None:
    expected = (DAYS - pd.Timestamp(0, tz="UTC")).total_seconds().to_numpy()
    assert np.array_equal(parse_dates(DAYS.strftime(spelling).tolist()), expected)


def test_a_date_with_the_year_first_is_the_same_beside_dates_with_the_day_first() -> None:
    january = pd.Timestamp("2024-01-02", tz="UTC").timestamp()
    assert parse_dates(["2024-01-02", "02.01.2024", "31.12.2023"]).tolist()[:2] == [january, january]
