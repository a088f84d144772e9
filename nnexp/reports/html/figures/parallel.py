"""Three parameters and more: each variant a line across one axis for each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import MAX_VALUE_CHARACTERS, Chart, ChartStyle, make_data, needs_log_axis, set_size
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.parameters import VariantPoint, format_level, sort_levels
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR, PAPER_COLOUR
from nnexp.reports.importance import MAX_SINGLE_LEVELS, is_finite_number
from nnexp.reports.labels import format_cell

HEIGHT_PIXELS = 290

ROW_CHARACTERS = 100
"""That find room beside each other, in headings and beside the axes, where a figure is narrow."""

RAMP_COLOURS = ("#e8c547", "#7fb685", "#2a788e", "#3b528b", "#5b2a86")
"""From bad to good, from light to dark: told apart without colour as well, and seen on white and on black."""

LEVEL_SPREAD_SHARE = 0.5
"""Of the distance between two levels, the part over which the variants of one level are spread."""


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """One axis: where each variant crosses it, from 0 to 1, and what is written beside it, at which places."""

    name: str
    places: tuple[float, ...]
    marks: tuple[tuple[float, str], ...]


def plot_parallel_axes(
    found: Sequence[VariantPoint],
    parameters: Sequence[str],
    title: str,
    *,
    share: bool,
    larger: bool,
    style: ChartStyle,
) -> Chart:
    """The chart; the last axis is the metric."""
    means = [point.mean.value for point in found]
    columns = [[point.values[place] for point in found] for place in range(len(parameters))]
    letters = max(8, min(MAX_VALUE_CHARACTERS, ROW_CHARACTERS // (len(parameters) + 1)))
    headings = shorten_names([*parameters, title], letters)
    poles = [make_parameter_axis(name, column, means) for name, column in zip(headings, columns, strict=False)]
    poles.append(make_number_axis(headings[-1], means, share=share))
    names = [one.name for one in poles]
    axis = alt.Axis(
        orient="top",
        labelAngle=0,
        domain=False,
        ticks=False,
        labelColor=INK_COLOUR,
        labelPadding=10,
        labelOverlap=False,
    )
    x = alt.X("axis:N", sort=names, title=None, axis=axis, scale=alt.Scale(type="point", padding=0.4))
    y = alt.Y("at:Q", axis=None, scale=alt.Scale(domain=[-0.06, 1.06], nice=False))
    ticks = [
        {"axis": one.name, "at": at, "label": label}
        for one in poles
        for (at, _), label in zip(one.marks, shorten_names([label for _, label in one.marks], letters), strict=True)
    ]
    marks = alt.Chart(make_data(ticks)).encode(x=x, y=y)
    label = marks.mark_text(align="left", dx=7, fontSize=11).encode(text="label:N")
    halo = label.mark_text(
        align="left", dx=7, fontSize=11, color=PAPER_COLOUR, stroke=PAPER_COLOUR, strokeWidth=4, strokeJoin="round"
    )
    layers: list[Any] = [
        alt.Chart(make_data([{"axis": name} for name in names])).mark_rule(color=MUTED_COLOUR).encode(x=x),
        _plot_lines(found, poles, parameters, title, larger=larger, style=style).encode(x=x, y=y),
        marks.mark_tick(orient="horizontal", size=8, color=MUTED_COLOUR),
        halo,
        label.mark_text(align="left", dx=7, fontSize=11, color=INK_COLOUR),
    ]
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS)


def _plot_lines(
    found: Sequence[VariantPoint],
    poles: Sequence[ParallelAxis],
    parameters: Sequence[str],
    title: str,
    *,
    larger: bool,
    style: ChartStyle,
) -> alt.Chart:
    """A line for each variant."""
    rows = []
    for number, point in enumerate(found):
        what = " ".join(f"{name}={format_level(value)}" for name, value in zip(parameters, point.values, strict=True))
        own = {"line": number, "value": point.mean.value, "variant": what, "text": point.text}
        rows += [{**own, "axis": one.name, "at": one.places[number]} for one in poles]
    numbers = [point.mean.value for point in found]
    ramp = list(RAMP_COLOURS) if larger else list(reversed(RAMP_COLOURS))
    colour = alt.Color("value:Q", scale=alt.Scale(range=ramp, domain=[min(numbers), max(numbers)]), legend=None)
    line = alt.Chart(make_data(rows)).mark_line(strokeWidth=1.5).encode(color=colour, detail="line:N")
    if not style.interactive:
        return line
    hover = alt.selection_point(name="hover", fields=["line"], on="pointerover", empty=False, clear="pointerout")
    return line.encode(
        opacity=alt.condition(hover, alt.value(1.0), alt.value(0.7)),
        strokeWidth=alt.condition(hover, alt.value(4), alt.value(1.5)),
        tooltip=[alt.Tooltip("variant:N"), alt.Tooltip("text:N", title=title)],
    ).add_params(hover)


def make_parameter_axis(name: str, column: Sequence[Any], means: Sequence[float]) -> ParallelAxis:
    """The axis of a parameter: few levels evenly, many numbers as they are.

    The variants of one level are spread around it in the order of their results, so that they can be told apart.
    """
    if len(set(map(repr, column))) > MAX_SINGLE_LEVELS and all(map(is_finite_number, column)):
        return make_number_axis(name, [float(value) for value in column])
    names = sort_levels(column)
    step = 1 / max(1, len(names) - 1)
    at = {level: number * step for number, level in enumerate(names)}
    places = [0.0] * len(column)
    for level in names:
        members = sorted((i for i, value in enumerate(column) if format_level(value) == level), key=lambda i: means[i])
        room = min(LEVEL_SPREAD_SHARE * step, 0.024 * (len(members) - 1))
        for rank, i in enumerate(members):
            places[i] = at[level] * (1 - room) + room * (rank / (len(members) - 1) if len(members) > 1 else 0.0)
    marks = [
        (_find_middle([places[i] for i, value in enumerate(column) if format_level(value) == level]), level)
        for level in names
    ]
    return ParallelAxis(name, tuple(places), tuple(marks))


def _find_middle(places: Sequence[float]) -> float:
    return (min(places) + max(places)) / 2


def make_number_axis(name: str, numbers: Sequence[float], *, share: bool = False) -> ParallelAxis:
    """An axis of numbers, logarithmic where they span much, with five labels."""
    log = not share and needs_log_axis(numbers)
    low, high = (math.log(f(numbers)) if log else f(numbers) for f in (min, max))
    span = high - low or 1.0
    places = tuple(((math.log(number) if log else number) - low) / span for number in numbers)
    marks = []
    for at in [number / 4 for number in range(5)] if high > low else [0.0]:
        value = math.exp(low + at * span) if log else low + at * span
        marks.append((at, f"{100 * value:.1f} %" if share else format_cell(float(f"{value:.3g}"))))
    return ParallelAxis(name, places, tuple(marks))
