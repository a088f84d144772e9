"""Three parameters and more: each variant a line across one axis for each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import altair as alt
import numpy as np

from nnexp.reports.html.figures.base import MAX_VALUE_CHARACTERS, Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.figures.dot_plot import format_level, sort_levels
from nnexp.reports.html.figures.estimates import VariantEstimate, list_levels
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import make_fixed_scale, needs_log_axis
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR, PAPER_COLOUR
from nnexp.reports.importance import MAX_SINGLE_LEVELS, is_finite_number
from nnexp.reports.labels import format_cell
from nnexp.wording import format_percent

HEIGHT_PIXELS = 290

ROW_CHARACTERS = 100
"""That find room beside each other, in headings and beside the axes, where a figure is narrow."""

RAMP_COLOURS = ("#e8c547", "#7fb685", "#2a788e", "#3b528b", "#5b2a86")
"""From bad to good, from light to dark: told apart without colour as well, and seen on white and on black."""

LEVEL_SPREAD_SHARE = 0.5
"""Of the distance between two levels, the part over which the variants of one level are spread."""


LABEL_COUNT = 5
"""Labels beside an axis of numbers."""

VARIANT_GAP = 0.024
"""From one variant of a level to the next, at most, as a share of the height: few stay close to their level."""


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """One axis: where each variant crosses it, from 0 to 1, and what is written beside it, at which places."""

    name: str
    places: tuple[float, ...]
    marks: tuple[tuple[float, str], ...]


def plot_parallel_axes(
    found: Sequence[VariantEstimate],
    parameters: Sequence[str],
    title: str,
    *,
    share: bool,
    larger: bool,
    style: ChartStyle,
) -> Chart:
    """The chart; the last axis is the metric."""
    means = list(map(attrgetter("mean.value"), found))
    # Fewer letters would tell no names apart.
    letters = max(8, min(MAX_VALUE_CHARACTERS, ROW_CHARACTERS // (len(parameters) + 1)))
    *names, metric = shorten_names([*parameters, title], letters)
    axes = [make_parameter_axis(name, column, means) for name, column in zip(names, list_levels(found), strict=True)]
    axes.append(make_number_axis(metric, means, share=share))
    x, y = _encode_axes([*names, metric])
    rules = alt.Chart(make_data([{"axis": one.name} for one in axes])).mark_rule(color=MUTED_COLOUR)
    lines = _plot_lines(_make_line_rows(found, axes, parameters), means, title, larger=larger, style=style)
    marks = alt.Chart(make_data(_make_label_rows(axes, letters))).encode(x=x, y=y)
    text: dict[str, Any] = {"align": "left", "dx": 7, "fontSize": 11}
    labels = marks.encode(text="label:N")
    layers: list[Any] = [
        rules.encode(x=x),
        lines.encode(x=x, y=y),
        marks.mark_tick(orient="horizontal", size=8, color=MUTED_COLOUR),
        # Below each label the same in the colour of the paper, wider: lines end around it.
        labels.mark_text(**text, color=PAPER_COLOUR, stroke=PAPER_COLOUR, strokeWidth=4, strokeJoin="round"),
        labels.mark_text(**text, color=INK_COLOUR),
    ]
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS)


def _encode_axes(names: Sequence[str]) -> tuple[alt.X, alt.Y]:
    """The axes beside each other, their names above them; along each places from 0 to 1."""
    axis = alt.Axis(
        orient="top",
        labelAngle=0,
        domain=False,
        ticks=False,
        labelColor=INK_COLOUR,
        labelPadding=10,
        labelOverlap=False,
    )
    x = alt.X("axis:N", sort=list(names), title=None, axis=axis, scale=alt.Scale(type="point", padding=0.4))
    return x, alt.Y("at:Q", axis=None, scale=make_fixed_scale(-0.06, 1.06))


def _make_label_rows(axes: Sequence[ParallelAxis], letters: int) -> list[dict[str, Any]]:
    """What is written beside the axes, in so many letters."""
    rows = []
    for axis in axes:
        places, labels = zip(*axis.marks, strict=True)
        for at, label in zip(places, shorten_names(labels, letters), strict=True):
            rows.append({"axis": axis.name, "at": at, "label": label})
    return rows


def _make_line_rows(
    found: Sequence[VariantEstimate], axes: Sequence[ParallelAxis], parameters: Sequence[str]
) -> list[dict[str, Any]]:
    """The points of the lines, one on each axis."""
    rows = []
    for number, one in enumerate(found):
        words = [f"{name}={format_level(value)}" for name, value in zip(parameters, one.levels, strict=True)]
        line = {"line": number, "value": one.mean.value, "variant": " ".join(words), "text": one.text}
        rows += [{**line, "axis": axis.name, "at": axis.places[number]} for axis in axes]
    return rows


def _plot_lines(
    rows: Sequence[dict[str, Any]], means: Sequence[float], title: str, *, larger: bool, style: ChartStyle
) -> alt.Chart:
    """A line for each variant, the darker the better; on the page the one below the pointer stands out."""
    ramp = list(RAMP_COLOURS)
    if not larger:
        ramp.reverse()
    scale = alt.Scale(range=ramp, domain=[min(means), max(means)])
    colour = alt.Color("value:Q", scale=scale, legend=None)
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
        return make_number_axis(name, list(map(float, column)))
    texts = list(map(format_level, column))
    levels = sort_levels(column)
    step = 1 / max(1, len(levels) - 1)
    places = [0.0] * len(column)
    marks = []
    for number, level in enumerate(levels):
        members = [i for i, text in enumerate(texts) if text == level]
        members.sort(key=lambda i: means[i])
        room = min(LEVEL_SPREAD_SHARE * step, VARIANT_GAP * (len(members) - 1))
        for rank, i in enumerate(members):
            # The levels at the ends spread inwards only, the one in the middle to both sides.
            places[i] = number * step * (1 - room) + room * (rank / max(1, len(members) - 1))
        marks.append(((places[members[0]] + places[members[-1]]) / 2, level))
    return ParallelAxis(name, tuple(places), tuple(marks))


def make_number_axis(name: str, numbers: Sequence[float], *, share: bool = False) -> ParallelAxis:
    """An axis of numbers, logarithmic where they span much, with five labels."""
    is_log = not share and needs_log_axis(numbers)
    scaled = numbers
    if is_log:
        scaled = list(map(math.log, numbers))
    low, high = min(scaled), max(scaled)
    # Equal numbers have no span: they all stand at the bottom.
    span = high - low or 1.0
    marks = []
    label_count = LABEL_COUNT if high > low else 1
    for at in np.linspace(0.0, 1.0, label_count).tolist():
        value = low + at * span
        if is_log:
            value = math.exp(value)
        marks.append((at, format_percent(value, decimals=1) if share else format_cell(float(f"{value:.3g}"))))
    return ParallelAxis(name, tuple((number - low) / span for number in scaled), tuple(marks))
