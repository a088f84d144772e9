"""Curves over epochs: the mean over seeds with its band, train dashed and dev solid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import altair as alt

from nnexp.reports.html.curves import MeanCurve
from nnexp.reports.html.figures.base import (
    PICKED_EXPRESSION,
    Chart,
    ChartStyle,
    add_picking,
    encode_picked_opacity,
    encode_variant_colour,
    make_data,
    plot_end_names,
    set_size,
)
from nnexp.reports.html.figures.labels import move_apart
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import (
    LINEAR_TICKS,
    AxisRange,
    choose_number_format,
    choose_tooltip_format,
    find_cropped_extent,
    find_extent,
    make_log_ticks,
    needs_log_axis,
)
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
    """The vertical axis: its title, whether it is a share, the colours of the variants in their order, its range."""

    title: str
    share: bool
    colours: Mapping[str, str]
    range: AxisRange

    def encode_y(self, field: str) -> alt.Y:
        written = make_log_ticks(self.range.low, self.range.high) if self.range.is_log else alt.Undefined
        # On a logarithm the numbers were chosen for their distance; on a line Vega may leave some out.
        axis = alt.Axis(
            format=choose_number_format(share=self.share),
            tickCount=LINEAR_TICKS,
            values=written,
            labelOverlap=not self.range.is_log,
        )
        return alt.Y(f"{field}:Q", title=self.title, scale=self.range.make_scale(), axis=axis)


def make_axis(
    found: Sequence[CurveLine], title: str, colours: Mapping[str, str], *, share: bool, log: bool | None
) -> MetricAxis:
    """The axis for lines; log: None where the numbers decide. `is_cut_below` says what it leaves out."""
    numbers = _list_finite_means(found) or [0.0, 1.0]
    if log is None:
        log = needs_log_axis(numbers) and not share
    is_log = log and min(numbers) > 0
    low, high = find_extent(numbers, log=is_log)
    if share:
        low, high = find_cropped_extent(numbers) or (low, high)
    return MetricAxis(title, share, colours, AxisRange(low, high, is_log))


def _list_finite_means(lines: Sequence[CurveLine]) -> list[float]:
    return list(map(itemgetter("value"), _list_rows(lines)))


def is_cut_below(found: Sequence[CurveLine], axis: MetricAxis) -> bool:
    """Whether some means lie below the axis."""
    return min(_list_finite_means(found), default=axis.range.low) < axis.range.low


def plot_lines(found: Sequence[CurveLine], axis: MetricAxis, *, style: ChartStyle) -> Chart:
    """The chart; a line that has one epoch is a point."""
    rows = _list_rows(found)
    shown = encode_picked_opacity(PALE_OPACITY)
    epochs = alt.Axis(grid=False, tickMinStep=1, format="d")
    x = alt.X("epoch:Q", title="epoch", axis=epochs, scale=alt.Scale(nice=False))
    y = axis.encode_y("value")
    base = alt.Chart(make_data(rows)).encode(x=x, color=encode_variant_colour(axis.colours), detail="part:N")
    dash = alt.StrokeDash("part:N", legend=None, scale=alt.Scale(domain=["dev", "train"], range=[[1, 0], [5, 3]]))
    line = base.mark_line(strokeWidth=1.8, clip=True).encode(y=y, strokeDash=dash, opacity=shown)
    layers: list[Any] = [*_plot_band(found, axis, x), line]
    if len(set(map(itemgetter("epoch"), rows))) == 1:
        layers.append(base.mark_point(filled=True, size=50, clip=True).encode(y=y, opacity=shown))
    if style.interactive:
        # Lines answer the pointer only where it is on them exactly: invisible points, larger than the lines, do it.
        points = base.transform_filter(PICKED_EXPRESSION).mark_point(filled=True, size=70, opacity=0, clip=True)
        layers.append(points.encode(y=y, tooltip=_make_tooltips(axis, rows)))
    layers += _plot_names(found, axis, x, style)
    return add_picking(set_size(alt.layer(*layers), style, HEIGHT_PIXELS))


def _list_rows(lines: Sequence[CurveLine]) -> list[dict[str, Any]]:
    """The points of all lines."""
    rows = []
    for line in lines:
        rows += make_rows(line)
    return rows


def make_rows(line: CurveLine) -> list[dict[str, Any]]:
    """A line's points that are numbers."""
    rows = []
    for epoch, mean in zip(line.curve.epochs, line.curve.means, strict=True):
        if math.isfinite(mean.value):
            row = {"variant": line.variant, "part": line.part, "epoch": epoch}
            rows.append(row | {"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n})
    return rows


def _plot_band(found: Sequence[CurveLine], axis: MetricAxis, x: alt.X) -> list[alt.Chart]:
    """The interval of the dev lines, as far as the axis goes."""
    rows = []
    for line in found:
        if line.part == "dev":
            rows += _clip_band(line, axis.range)
    if not rows:
        return []
    area = alt.Chart(make_data(rows)).mark_area(clip=True)
    area = area.encode(x=x, y=axis.encode_y("low"), y2="high:Q", color=encode_variant_colour(axis.colours))
    return [area.encode(opacity=alt.condition(PICKED_EXPRESSION, alt.value(0.16), alt.value(0.01)))]


def _clip_band(line: CurveLine, extent: AxisRange) -> list[dict[str, Any]]:
    """The intervals of a line inside the axis; on a logarithm they end above 0, which has no place there."""
    lowest = extent.low
    if extent.is_log:
        lowest = max(lowest, find_min_positive(line))
    inside = []
    for row in make_rows(line):
        if row["low"] is not None and row["high"] > extent.low:
            row["low"], row["high"] = max(row["low"], lowest), min(row["high"], extent.high)
            inside.append(row)
    return inside


def find_min_positive(line: CurveLine) -> float:
    """The lowest positive number of a line and its intervals, at which a band that reaches 0 ends on a logarithm."""
    numbers = []
    for row in make_rows(line):
        numbers += [row["value"], row["low"] or 0.0]
    return min(number for number in numbers if number > 0)


def has_zero_interval(found: Sequence[CurveLine], axis: MetricAxis) -> bool:
    """Whether an interval of the bands has no place on the axis, as it reaches 0 and the axis is logarithmic."""
    bands = _list_rows([line for line in found if line.part == "dev"])
    reaches_zero = any(row["low"] is not None and row["low"] <= 0 for row in bands)
    return axis.range.is_log and reaches_zero


def _make_tooltips(axis: MetricAxis, rows: Sequence[Mapping[str, Any]]) -> list[alt.Tooltip]:
    number = choose_tooltip_format(share=axis.share)
    fields = [alt.Tooltip("variant:N"), alt.Tooltip("part:N"), alt.Tooltip("epoch:Q", format="d")]
    fields.append(alt.Tooltip("value:Q", title=axis.title, format=number))
    # A mean of one run has no interval.
    if any(row["low"] is not None for row in rows):
        fields.append(alt.Tooltip("low:Q", title="95 % from", format=number))
        fields.append(alt.Tooltip("high:Q", title="95 % to", format=number))
    return [*fields, alt.Tooltip("n:Q", title="n")]


def _plot_names(found: Sequence[CurveLine], axis: MetricAxis, x: alt.X, style: ChartStyle) -> list[alt.Chart]:
    """The names of the variants at the ends of their lines."""
    has_legend = style.interactive and len(axis.colours) > MAX_LABELLED_VARIANTS
    if has_legend or len(axis.colours) < 2:
        return []
    last = _find_last_points(found)
    end = max(map(itemgetter("epoch"), last.values()))
    # A value beyond a cropped axis has its name at the axis's end.
    places = [min(1.0, max(0.0, axis.range.place_of(row["value"]))) for row in last.values()]
    rows = []
    labels = shorten_names(list(last), MAX_LABEL_CHARACTERS)
    for variant, place, label in zip(last, move_apart(places, MIN_LABEL_GAP), labels, strict=True):
        rows.append({"variant": variant, "epoch": end, "at": axis.range.value_at(place), "label": label})
    return [plot_end_names(rows, x, axis.encode_y("at"), axis.colours, gap=6, pale=PALE_OPACITY)]


def _find_last_points(lines: Sequence[CurveLine]) -> dict[str, dict[str, Any]]:
    """The last point of each variant; of its dev line, where it has one."""
    last: dict[str, dict[str, Any]] = {}
    for line in lines:
        rows = make_rows(line)
        if rows and (line.variant not in last or line.part == "dev"):
            last[line.variant] = rows[-1]
    return last


def assign_colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each variant that is drawn."""
    return dict(zip(map(escape_controls, variants), VARIANT_COLOURS, strict=False))
