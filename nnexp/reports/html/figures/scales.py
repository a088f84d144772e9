"""Where axes begin and end, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

LOG_MULTIPLES: tuple[tuple[float, ...], ...] = ((1, 2, 5), (1, 3), (1,))
"""Multiples of the powers of ten that stand beside a logarithmic axis, the closest first."""

MAX_LOG_TICKS = 8
"""Of a logarithmic axis, at most; on a linear one there are about six."""

LINEAR_TICKS = 6
"""About so many stand beside a linear axis."""

ROUNDING_DECIMALS = 12
"""Decimals of the ends of an axis: 3 · 0.1 is not 0.3, and would be written beside it in full."""


@dataclass(frozen=True, slots=True)
class AxisRange:
    """From where to where an axis goes, and whether it is logarithmic."""

    low: float
    high: float
    is_log: bool = False

    def place_of(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value_at(self, place: float) -> float:
        """What stands at a place from 0 to 1."""
        if self.is_log:
            return self.low * (self.high / self.low) ** place
        return self.low + place * (self.high - self.low)

    def make_scale(self) -> alt.Scale:
        """The scale of a chart, which ends just here: Vega would go on to the next round number, or to 0."""
        domain = [self.low, self.high]
        if self.is_log:
            return alt.Scale(type="log", domain=domain, nice=False)
        return alt.Scale(domain=domain, nice=False, zero=False)


def find_extent(numbers: Sequence[float], *, log: bool) -> tuple[float, float]:
    """An axis that holds all numbers and ends at numbers that are written beside it.

    >>> find_extent([0.012, 1.7], log=True), find_extent([0.3, 1.72], log=False)
    ((0.01, 2.0), (0.2, 1.8))
    """
    low, high = min(numbers), max(numbers)
    if log:
        ticks = make_log_ticks(low, high)
        return ticks[0], ticks[-1]
    # Equal numbers have no span: then a part of their size, and for zeros just something.
    edge = 0.02 * (high - low) or 0.05 * abs(high) or 1.0
    step = _choose_step(high - low + 2 * edge)
    first = math.floor((low - edge) / step)
    last = math.ceil((high + edge) / step)
    if low >= 0:
        first = max(first, 0)  # no negative loss is written beside an axis of losses
    return round(first * step, ROUNDING_DECIMALS), round(last * step, ROUNDING_DECIMALS)


def _choose_step(span: float) -> float:
    """The distance of about six numbers on a linear axis."""
    size = 10 ** math.floor(math.log10(span / LINEAR_TICKS))
    over = span / LINEAR_TICKS / size
    # the nearest of 1, 2, 5 and 10 on a logarithmic scale: the borders are their geometric means
    for factor, border in ((10, 50**0.5), (5, 10**0.5), (2, 2**0.5)):
        if over >= border:
            return float(size * factor)
    return float(size)


def make_log_ticks(low: float, high: float) -> list[float]:
    """The numbers beside a logarithmic axis from below `low` to above `high`.

    >>> make_log_ticks(0.03, 40.0), make_log_ticks(1e-9, 2.0)
    ([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0], [1e-09, 1e-07, 1e-05, 0.001, 0.1, 10.0])
    """
    for multiples in LOG_MULTIPLES:
        found = _list_multiples(low, high, multiples)
        if len(found) <= MAX_LOG_TICKS:
            return found
    first, last = (round(math.log10(found[place])) for place in (0, -1))
    apart = math.ceil((last - first) / (MAX_LOG_TICKS - 1))
    return [float(f"1e{first + number * apart}") for number in range(math.ceil((last - first) / apart) + 1)]


def _list_multiples(low: float, high: float, multiples: Sequence[float]) -> list[float]:
    """The multiples of powers of ten from the last one below `low` to the first one above `high`."""
    powers = range(math.floor(math.log10(low)) - 1, math.floor(math.log10(high)) + 2)
    every = [float(f"{by:g}e{power}") for power in powers for by in multiples]
    start = max(place for place, number in enumerate(every) if number <= low)
    end = min(place for place, number in enumerate(every) if number >= high)
    return every[start : max(end, start + 1) + 1]
