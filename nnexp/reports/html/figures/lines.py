"""Curves over epochs: the mean over seeds with its band, train dashed and dev solid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from nnexp.reports.html.curves import MeanCurve
from nnexp.reports.html.figures.base import (
    PICKED_EXPRESSION,
    Chart,
    ChartStyle,
    choose_number_format,
    make_data,
    needs_log_axis,
    set_size,
)
from nnexp.reports.html.figures.labels import move_apart
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import find_extent, make_log_ticks
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import VARIANT_COLOURS

HEIGHT_PIXELS = 260

MAX_LABELLED_VARIANTS = 4
"""Variants up to which lines on the page have their names beside them; on paper all have."""

MAX_LABEL_CHARACTERS = 26
"""Characters of such a name."""

MIN_LABEL_GAP = 13 / HEIGHT_PIXELS
"""Of two names beside lines, as a share of the height."""

PALE_OPACITY = 0.08
"""Opacity of what is not picked."""


@dataclass(frozen=True, slots=True)
class CurveLine:
    """One curve: of which variant, on which part of the data."""

    variant: str
    part: str
    curve: MeanCurve


@dataclass(frozen=True, slots=True)
class MetricAxis:
    """The vertical axis: its title, whether it is a share, and the colours of the variants in their order.

    extent: from where to where; log: whether it is logarithmic.
    """

    title: str
    share: bool
    colours: Mapping[str, str]
    extent: tuple[float, float] = (0.0, 1.0)
    log: bool = False

    def place_of(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        low, high = self.extent
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def value_at(self, place: float) -> float:
        """What stands at a place from 0 to 1."""
        low, high = self.extent
        return low * (high / low) ** place if self.log else low + place * (high - low)

    def encode_y(self, field: str) -> alt.Y:
        if self.log:
            scale = alt.Scale(type="log", domain=list(self.extent), nice=False)
        else:
            scale = alt.Scale(domain=list(self.extent), nice=False, zero=False)
        written = make_log_ticks(*self.extent) if self.log else alt.Undefined
        axis = alt.Axis(
            format=choose_number_format(share=self.share), tickCount=6, values=written, labelOverlap=not self.log
        )
        return alt.Y(f"{field}:Q", title=self.title, scale=scale, axis=axis)

    @property
    def colour(self) -> alt.Color:
        scale = alt.Scale(domain=list(self.colours), range=list(self.colours.values()))
        return alt.Color("variant:N", legend=None, scale=scale)


def find_cropped_extent(numbers: Sequence[float]) -> tuple[float, float] | None:
    """An axis of shares that leaves out the lowest of the numbers, where a few of them would take most of the room.

    Of numbers four fifths of which lie close together at the top, such as accuracies by epoch.
    """
    low, high = min(numbers), max(numbers)
    start = float(np.quantile(numbers, 0.2))
    start -= 0.5 * (high - start)
    if high == low or (start - low) < 0.3 * (high - low):
        return None
    return start, high + 0.04 * (high - start)


def make_axis(
    found: Sequence[CurveLine], title: str, colours: Mapping[str, str], *, share: bool, log: bool | None
) -> MetricAxis:
    """The axis for lines; log: None where the numbers decide. `is_cut_below` says what it leaves out."""
    numbers = [mean.value for line in found for mean in line.curve.means if math.isfinite(mean.value)] or [0.0, 1.0]
    chosen = (needs_log_axis(numbers) and not share) if log is None else log and min(numbers) > 0
    near = find_cropped_extent(numbers) if share else None
    return MetricAxis(title, share, colours, near or find_extent(numbers, log=chosen), chosen)


def is_cut_below(found: Sequence[CurveLine], axis: MetricAxis) -> bool:
    """Whether some means lie below the axis."""
    return any(mean.value < axis.extent[0] for line in found for mean in line.curve.means)


def plot_lines(found: Sequence[CurveLine], axis: MetricAxis, *, style: ChartStyle) -> Chart:
    """The chart; a line that has one epoch is a point."""
    rows = [row for line in found for row in make_rows(line)]
    shown = alt.condition(PICKED_EXPRESSION, alt.value(1.0), alt.value(PALE_OPACITY))
    x = alt.X(
        "epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickMinStep=1, format="d"), scale=alt.Scale(nice=False)
    )
    base = alt.Chart(make_data(rows)).encode(x=x, color=axis.colour, detail="part:N")
    dash = alt.StrokeDash("part:N", legend=None, scale=alt.Scale(domain=["dev", "train"], range=[[1, 0], [5, 3]]))
    line = base.mark_line(strokeWidth=1.8, clip=True).encode(y=axis.encode_y("value"), strokeDash=dash, opacity=shown)
    layers: list[Any] = [*_plot_band(found, axis, x), line]
    if len({row["epoch"] for row in rows}) == 1:
        layers.append(base.mark_point(filled=True, size=50, clip=True).encode(y=axis.encode_y("value"), opacity=shown))
    if style.interactive:
        points = base.transform_filter(PICKED_EXPRESSION).mark_point(filled=True, size=70, opacity=0, clip=True)
        layers.append(points.encode(y=axis.encode_y("value"), tooltip=_make_tooltips(axis, rows)))
    layers += _plot_names(found, axis, x, style)
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS).add_params(alt.param(name="picked", value=[]))


def make_rows(line: CurveLine) -> list[dict[str, Any]]:
    """A line's points that are numbers."""
    return [
        {"variant": line.variant, "part": line.part, "epoch": epoch}
        | {"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n}
        for epoch, mean in zip(line.curve.epochs, line.curve.means, strict=True)
        if math.isfinite(mean.value)
    ]


def _plot_band(found: Sequence[CurveLine], axis: MetricAxis, x: alt.X) -> list[alt.Chart]:
    """The interval of the dev lines, as far as the axis goes."""
    low, high = axis.extent
    rows = [
        row | {"low": max(row["low"], low, floor), "high": min(row["high"], high)}
        for line in found
        if line.part == "dev"
        for floor in [find_min_positive(line) if axis.log else -math.inf]
        for row in make_rows(line)
        if row["low"] is not None and row["high"] > low
    ]
    if not rows:
        return []
    area = (
        alt.Chart(make_data(rows))
        .mark_area(clip=True)
        .encode(x=x, y=axis.encode_y("low"), y2="high:Q", color=axis.colour)
    )
    return [area.encode(opacity=alt.condition(PICKED_EXPRESSION, alt.value(0.16), alt.value(0.01)))]


def find_min_positive(line: CurveLine) -> float:
    """The lowest positive number of a line and its intervals, at which a band that reaches 0 ends on a logarithm."""
    ends = [mean.low for mean in line.curve.means if mean.low is not None and math.isfinite(mean.value)]
    known = [mean.value for mean in line.curve.means if math.isfinite(mean.value)]
    return min(number for number in (*ends, *known) if number > 0)


def has_zero_interval(found: Sequence[CurveLine], axis: MetricAxis) -> bool:
    """Whether an interval of the bands has no place on the axis, as it reaches 0 and the axis is logarithmic."""
    bands = [line for line in found if axis.log and line.part == "dev"]
    return any(mean.low is not None and mean.low <= 0 for line in bands for mean in line.curve.means)


def _make_tooltips(axis: MetricAxis, rows: Sequence[Mapping[str, Any]]) -> list[alt.Tooltip]:
    number = ".2%" if axis.share else ".4~g"
    fields = [alt.Tooltip("variant:N"), alt.Tooltip("part:N"), alt.Tooltip("epoch:Q", format="d")]
    fields.append(alt.Tooltip("value:Q", title=axis.title, format=number))
    if any(row["low"] is not None for row in rows):
        fields.append(alt.Tooltip("low:Q", title="95 % from", format=number))
        fields.append(alt.Tooltip("high:Q", title="95 % to", format=number))
    return [*fields, alt.Tooltip("n:Q", title="n")]


def _plot_names(found: Sequence[CurveLine], axis: MetricAxis, x: alt.X, style: ChartStyle) -> list[alt.Chart]:
    """The names of the variants at the ends of their lines."""
    if (style.interactive and len(axis.colours) > MAX_LABELLED_VARIANTS) or len(axis.colours) < 2:
        return []
    last: dict[str, dict[str, Any]] = {}
    for line in found:
        rows = make_rows(line)
        if rows and (line.variant not in last or line.part == "dev"):
            last[line.variant] = rows[-1]
    end = max(row["epoch"] for row in last.values())
    places = move_apart([min(1.0, max(0.0, axis.place_of(row["value"]))) for row in last.values()], MIN_LABEL_GAP)
    rows = [
        {"variant": variant, "epoch": end, "at": axis.value_at(place), "label": label}
        for variant, place, label in zip(last, places, shorten_names(list(last), MAX_LABEL_CHARACTERS), strict=True)
    ]
    label = alt.Chart(make_data(rows)).mark_text(align="left", dx=6, baseline="middle")
    shown = alt.condition(PICKED_EXPRESSION, alt.value(1.0), alt.value(PALE_OPACITY))
    return [label.encode(x=x, y=axis.encode_y("at"), text="label:N", color=axis.colour, opacity=shown)]


def assign_colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each variant that is drawn."""
    return dict(zip(map(escape_controls, variants), VARIANT_COLOURS, strict=False))
