"""Where axes begin and end, whether they are logarithmic, and what is written beside them: for all figures."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

LOG_MULTIPLES: tuple[tuple[float, ...], ...] = ((1, 2, 5), (1, 3), (1,))
"""Multiples of the powers of ten that stand beside a logarithmic axis, the closest first."""

MAX_LOG_TICKS = 8
"""Of a logarithmic axis, at most; on a linear one there are about six."""

LINEAR_TICKS = 6
"""About so many stand beside a linear axis."""

MAX_POWERS = 7
"""Powers of ten beside an axis of layers."""

ROUNDING_DECIMALS = 12
"""Decimals of the ends of an axis: 3 · 0.1 is not 0.3, and would be written beside it in full."""

ROUNDING_SLACK = 1e-9
"""A logarithm of 0.001 may be -2.9999999999999996, and is to count as a whole number."""

MIN_LOG_RATIO = 20
"""From which ratio of the largest to the smallest number on the scale is logarithmic, unless a figure has its own."""

CROWDED_SHARE = 0.8
"""Of the numbers of an axis, those that shall have the room."""

MIN_CROPPED_SHARE = 0.3
"""Of an axis that holds all numbers, what must be won for the lowest to be left out."""


@dataclass(frozen=True, slots=True)
class AxisRange:
    """From where to where an axis goes, and whether it is logarithmic.

    zero_mark: where a logarithmic axis has zeros, below all its numbers; 0 where there are none.
    """

    low: float
    high: float
    is_log: bool = False
    zero_mark: float = 0.0

    def replace_zero(self, value: float) -> float:
        """A value as it is drawn."""
        return value or self.zero_mark

    def place_of(self, value: float) -> float:
        """Where a value is drawn, from 0 to 1."""
        if self.is_log:
            return math.log(self.replace_zero(value) / self.low) / math.log(self.high / self.low)
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

    def list_powers(self) -> list[float]:
        """Powers of ten, at most seven of them, with what lies between where they are few; first the mark of zeros."""
        smallest = self.zero_mark * 2 or self.low
        first = math.ceil(math.log10(smallest) - ROUNDING_SLACK)
        last = math.floor(math.log10(self.high) + ROUNDING_SLACK)
        step = max(1, math.ceil((last - first + 1) / MAX_POWERS))
        factors = (1, 2, 5) if last - first < 2 else (1,)
        ticks = [self.zero_mark] if self.zero_mark else []
        # One power more at the low end: its multiples by 2 and 5 may lie on the axis where it does not.
        for power in range(first - 1, last + 1):
            if power % step == 0:
                for factor in factors:
                    number = factor * 10.0**power
                    if smallest <= number <= self.high:
                        ticks.append(number)
        return ticks


def needs_log_axis(numbers: Sequence[float], min_ratio: float = MIN_LOG_RATIO) -> bool:
    """Whether numbers are positive and reach so far that a logarithmic axis shows them better."""
    known = list(filter(math.isfinite, numbers))
    return bool(known) and min(known) > 0 and max(known) > min_ratio * min(known)


def choose_number_format(*, share: bool) -> str:
    """How Vega writes a number of a metric on an axis."""
    if share:
        return "~%"
    return "~g"


def choose_tooltip_format(*, share: bool) -> str:
    """How Vega writes a number of a metric beside the pointer, where there is more room."""
    if share:
        return ".2%"
    return ".4~g"


def make_metric_axis(*, share: bool) -> alt.Axis:
    """A linear axis of a metric, whose ends Vega finds."""
    return alt.Axis(format=choose_number_format(share=share), tickCount=LINEAR_TICKS)


def make_fixed_scale(first: float, last: float) -> alt.Scale:
    """A linear scale from one number to another, which may be the lower one: pixels are counted from the top."""
    return alt.Scale(domain=[first, last], nice=False)


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


def find_cropped_extent(numbers: Sequence[float]) -> tuple[float, float] | None:
    """An axis of shares that leaves out the lowest of the numbers, where a few of them would take most of the room.

    Of numbers four fifths of which lie close together at the top, such as accuracies by epoch.
    """
    low, high = min(numbers), max(numbers)
    start = float(np.quantile(numbers, 1 - CROWDED_SHARE))
    start -= 0.5 * (high - start)
    if high == low or (start - low) < MIN_CROPPED_SHARE * (high - low):
        return None
    return start, high + 0.04 * (high - start)


def make_layer_range(numbers: Sequence[float], *, share: bool, log: bool) -> AxisRange:
    """The axis of a quantity that is never negative, from layer to layer."""
    if log:
        return _make_log_range(numbers)
    high = max(numbers, default=0.0)
    if share:
        high = 1.0 if high > 0.5 else max(0.1, high)  # to the whole, or as far as small shares need it
    high = high or 1.0
    # Points on either end have room.
    return AxisRange(-0.03 * high, 1.05 * high)


def _make_log_range(numbers: Sequence[float]) -> AxisRange:
    """From the smallest positive number to the largest; below it zeros, apart from the numbers by a gap."""
    smallest, largest = min(filter(None, numbers)), max(numbers)
    room = (largest / smallest) ** 0.05
    if 0 not in numbers:
        return AxisRange(smallest / room, largest * room, is_log=True)
    gap = max(3.0, (largest / smallest) ** 0.12)
    return AxisRange(smallest / gap / room, largest * room, is_log=True, zero_mark=smallest / gap)


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
    first, last = round(math.log10(found[0])), round(math.log10(found[-1]))
    apart = math.ceil((last - first) / (MAX_LOG_TICKS - 1))
    # By way of text: 10.0**23 is not the number that 1e23 is, and would be written with all its digits.
    return [float(f"1e{first + number * apart}") for number in range(math.ceil((last - first) / apart) + 1)]


def _list_multiples(low: float, high: float, multiples: Sequence[float]) -> list[float]:
    """The multiples of powers of ten from the last one below `low` to the first one above `high`."""
    every: list[float] = []
    for power in range(math.floor(math.log10(low)) - 1, math.floor(math.log10(high)) + 2):
        every += [float(f"{by:g}e{power}") for by in multiples]
    start, end = bisect_right(every, low) - 1, bisect_left(every, high)
    return every[start : max(end, start + 1) + 1]
