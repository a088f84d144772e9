"""One parameter of a sweep as a dot plot, and the levels of parameters, by which other figures are laid out too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import filterfalse
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import MAX_VALUE_CHARACTERS, Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.figures.estimates import VariantEstimate, list_levels, make_estimate_rows
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import make_metric_axis, needs_log_axis
from nnexp.reports.html.theme import MUTED_COLOUR, VARIANT_COLOURS
from nnexp.reports.importance import MAX_SINGLE_LEVELS, is_finite_number
from nnexp.reports.labels import format_cell

HEIGHT_PIXELS = 260

ROW_CHARACTERS = 40
"""Letters that find room beside each other below a narrow figure."""

MAX_TICK_LEVELS = 8
"""Levels of a number up to which each is written beside the axis."""

MIN_ZERO_LOG_RATIO = 4
"""From which ratio of the largest to the smallest positive level those beside 0 are words: 0, 0.0001 and 0.001."""


def sort_levels(column: Sequence[Any]) -> list[str]:
    """The different values as texts, numbers before words, from small to large."""
    # Words keep the order of the table; only numbers have one of their own.
    numbers = sorted(set(filter(is_finite_number, column)))
    return list(dict.fromkeys(map(format_level, [*numbers, *filterfalse(is_finite_number, column)])))


def format_level(value: Any) -> str:
    """A value as an axis has it."""
    return format_cell(value) or "none"


def shorten_levels(column: Sequence[Any]) -> dict[str, str]:
    """The different values in their order, each with what an axis has room for."""
    names = sort_levels(column)
    return dict(zip(names, shorten_names(names, MAX_VALUE_CHARACTERS), strict=True))


def plot_dots(found: Sequence[VariantEstimate], parameter: str, title: str, *, share: bool, style: ChartStyle) -> Chart:
    """The metric by the values of one parameter: means with intervals, and the runs as pale dots."""
    [levels] = list_levels(found)
    places, x = _place_levels(levels, parameter)
    rows = make_estimate_rows(found, at=places)
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=make_metric_axis(share=share))
    # The runs stand a little beside their mean, so that both are seen.
    single = alt.Chart(make_data(rows.runs)).mark_point(
        filled=True, size=26, opacity=0.3, color=MUTED_COLOUR, xOffset=7
    )
    layers: list[Any] = [single.encode(x=x, y=y)]
    if rows.intervals:
        rule = alt.Chart(make_data(rows.intervals)).mark_rule(strokeWidth=2.2, color=VARIANT_COLOURS[0])
        layers.append(rule.encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q"))
    mean = alt.Chart(make_data(rows.means)).mark_point(filled=True, size=75, opacity=1, color=VARIANT_COLOURS[0])
    tips = [alt.Tooltip("at:N", title=parameter), alt.Tooltip("text:N", title=title), alt.Tooltip("n:Q", title="n")]
    layers.append(mean.encode(x=x, y=y, tooltip=tips))
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS)


def _place_levels(column: Sequence[Any], parameter: str) -> tuple[list[Any], alt.X]:
    """Where each value stands on the axis of a parameter, and the axis: one of numbers, or of words."""
    levels = set(column) if all(map(is_finite_number, column)) else set()
    # Two numbers are no axis: they stand beside each other like words.
    if len(levels) > 2 and not _starts_at_zero(levels):
        scale = alt.Scale(zero=False, padding=24)
        if needs_log_axis(list(map(float, levels))):
            scale = alt.Scale(type="log", padding=24)
        ticks = sorted(levels) if len(levels) <= MAX_TICK_LEVELS else alt.Undefined
        axis = alt.Axis(format="~g", grid=False, values=ticks)
        return list(column), alt.X("at:Q", title=parameter, scale=scale, axis=axis)
    names = shorten_levels(column)
    x = alt.X("at:N", title=parameter, sort=list(names.values()), axis=make_word_axis(names, lines=True))
    return list(map(names.__getitem__, map(format_level, column))), x


def make_word_axis(names: Mapping[str, str], *, lines: bool) -> alt.Axis:
    """An axis of words, which are written at an angle where there is no room for them beside each other."""
    is_level = sum(map(len, names.values())) <= ROW_CHARACTERS
    return alt.Axis(labelAngle=0 if is_level else -30, labelOverlap=False, domain=lines, ticks=lines, grid=False)


def _starts_at_zero(levels: set[Any]) -> bool:
    """Whether a few numbers begin with 0 and span much, so that neither kind of axis shows them well."""
    if min(levels) != 0 or len(levels) > MAX_SINGLE_LEVELS:
        return False
    positive = list(map(float, levels - {0}))
    return needs_log_axis(positive, MIN_ZERO_LOG_RATIO)
