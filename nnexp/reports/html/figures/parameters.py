"""One parameter as a dot plot, two as a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import (
    MAX_VALUE_CHARACTERS,
    Chart,
    ChartStyle,
    choose_number_format,
    make_data,
    needs_log_axis,
    set_size,
)
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.theme import MUTED_COLOUR, SHADE_COLOURS, VARIANT_COLOURS
from nnexp.reports.importance import MAX_SINGLE_LEVELS, is_finite_number
from nnexp.reports.labels import format_cell
from nnexp.statistics.means import MeanInterval

HEIGHT_PIXELS = 260

ROW_CHARACTERS = 40
"""Letters that find room beside each other below a narrow figure."""


@dataclass(frozen=True, slots=True)
class VariantPoint:
    """A variant by its values of the parameters that vary; `text` says the mean in words."""

    values: tuple[Any, ...]
    mean: MeanInterval
    run_values: tuple[float, ...]
    text: str


def sort_levels(column: Sequence[Any]) -> list[str]:
    """The different values as texts, numbers before words, from small to large."""
    numbers = sorted({value for value in column if is_finite_number(value)})
    words = dict.fromkeys(value for value in column if not is_finite_number(value))
    return list(dict.fromkeys([*map(format_level, numbers), *map(format_level, words)]))


def format_level(value: Any) -> str:
    """A value as an axis has it."""
    return format_cell(value) or "none"


def shorten_levels(column: Sequence[Any]) -> dict[str, str]:
    """The different values in their order, each with what an axis has room for."""
    names = sort_levels(column)
    return dict(zip(names, shorten_names(names, MAX_VALUE_CHARACTERS), strict=True))


def _make_word_axis(names: Mapping[str, str], *, lines: bool) -> alt.Axis:
    """An axis of words, which are written at an angle where there is no room for them beside each other."""
    level = sum(map(len, names.values())) <= ROW_CHARACTERS
    return alt.Axis(labelAngle=0 if level else -30, labelOverlap=False, domain=lines, ticks=lines, grid=False)


def plot_dots(found: Sequence[VariantPoint], parameter: str, title: str, *, share: bool, style: ChartStyle) -> Chart:
    """The metric by the values of one parameter: means with intervals, and the runs as pale dots."""
    column = [point.values[0] for point in found]
    names = shorten_levels(column)
    numeric = all(map(is_finite_number, column)) and len(set(column)) > 2 and not _starts_at_zero(column)
    if numeric:
        log = needs_log_axis([float(value) for value in column])
        scale = alt.Scale(type="log", padding=24) if log else alt.Scale(zero=False, padding=24)
        ticks = sorted(set(column)) if len(set(column)) <= 8 else alt.Undefined
        axis = alt.Axis(format="~g", grid=False, values=ticks)
        x: Any = alt.X("at:Q", title=parameter, scale=scale, axis=axis)
    else:
        x = alt.X("at:N", title=parameter, sort=list(names.values()), axis=_make_word_axis(names, lines=True))
    rows = [
        {"at": value if numeric else names[format_level(value)], "value": point.mean.value, "low": point.mean.low}
        | {"high": point.mean.high, "n": point.mean.n, "text": point.text}
        for value, point in zip(column, found, strict=True)
    ]
    runs = [
        {"at": value if numeric else names[format_level(value)], "value": one}
        for value, point in zip(column, found, strict=True)
        for one in point.run_values
    ]
    y = alt.Y(
        "value:Q",
        title=title,
        scale=alt.Scale(zero=False),
        axis=alt.Axis(format=choose_number_format(share=share), tickCount=6),
    )
    single = alt.Chart(make_data(runs)).mark_point(filled=True, size=26, opacity=0.3, color=MUTED_COLOUR, xOffset=7)
    base = alt.Chart(make_data(rows)).encode(x=x)
    known = alt.Chart(make_data([row for row in rows if row["low"] is not None])).encode(x=x)
    rule = known.mark_rule(strokeWidth=2.2, color=VARIANT_COLOURS[0]).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    tips = [alt.Tooltip("at:N", title=parameter), alt.Tooltip("text:N", title=title), alt.Tooltip("n:Q", title="n")]
    mean = base.mark_point(filled=True, size=75, opacity=1, color=VARIANT_COLOURS[0]).encode(y=y, tooltip=tips)
    intervals = [rule] if any(point.mean.low is not None for point in found) else []
    layers = [single.encode(x=x, y=y), *intervals, mean]
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS)


def _starts_at_zero(column: Sequence[Any]) -> bool:
    """Whether a few numbers begin with 0 and span much, so that neither kind of axis shows them well."""
    positive = [float(value) for value in set(column) if value > 0]
    return min(column) == 0 and len(set(column)) <= MAX_SINGLE_LEVELS and needs_log_axis(positive, 4)


def plot_heat_map(
    found: Sequence[VariantPoint],
    parameters: Sequence[str],
    title: str,
    *,
    share: bool,
    larger: bool,
    style: ChartStyle,
) -> Chart:
    """The metric by the values of two parameters, the better the darker."""
    down, across = (shorten_levels([point.values[place] for point in found]) for place in (0, 1))
    means = [point.mean.value for point in found]
    low, high = min(means), max(means)
    rows = [
        {
            "across": across[format_level(point.values[1])],
            "down": down[format_level(point.values[0])],
            "value": point.mean.value,
        }
        | {"text": point.text, "n": point.mean.n, "dark": _is_dark(point.mean.value, low, high, larger=larger)}
        | {"short": f"{100 * point.mean.value:.1f} %" if share else f"{point.mean.value:.3g}"}
        for point in found
    ]
    shades = list(SHADE_COLOURS) if larger else list(reversed(SHADE_COLOURS))
    base = alt.Chart(make_data(rows)).encode(
        x=alt.X("across:N", sort=list(across.values()), title=parameters[1], axis=_make_word_axis(across, lines=False)),
        y=alt.Y("down:N", sort=list(down.values()), title=parameters[0], axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("down:N", title=parameters[0]),
            alt.Tooltip("across:N", title=parameters[1]),
            alt.Tooltip("text:N", title=title),
            alt.Tooltip("n:Q", title="n"),
        ],
    )
    legend = alt.Legend(
        title=title,
        format=choose_number_format(share=share),
        orient="right",
        gradientLength=120,
        gradientThickness=12,
        tickCount=4,
    )
    colour = alt.Color("value:Q", scale=alt.Scale(range=shades, domain=[low, high]), legend=legend)
    cells = base.mark_rect(stroke="white", strokeWidth=1.5).encode(color=colour)
    layers: list[Any] = [cells]
    if len(across) <= 10:
        white = alt.condition("datum.dark", alt.value("white"), alt.value("#1b1f24"))
        layers.append(base.mark_text(fontSize=12).encode(text="short:N", color=white))
    return set_size(alt.layer(*layers), style, len(down) * max(24, min(44, 320 // len(down))))


def _is_dark(value: float, low: float, high: float, *, larger: bool) -> bool:
    """Whether a cell is so dark that its text is white."""
    at = (value - low) / (high - low) if high > low else 0.0
    return (at if larger else 1 - at) > 0.55
