"""Curves over epochs: the mean over seeds with its band, train dashed and dev solid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from nnexp.pages.curves import Curve
from nnexp.pages.figures.base import PICKED, Chart, Style, form, sized, spans, values
from nnexp.pages.figures.labels import spread
from nnexp.pages.figures.names import shortened
from nnexp.pages.figures.scales import extent, ticks
from nnexp.pages.html import visible
from nnexp.pages.theme import PALETTE

HEIGHT = 260

LABELLED = 4
"""Variants up to which lines on the page have their names beside them; on paper all have."""

LETTERS = 26
"""Characters of such a name."""

APART = 13 / HEIGHT
"""Of two names beside lines, as a share of the height."""

PALE = 0.08
"""Opacity of what is not picked."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: of which variant, on which part of the data."""

    variant: str
    part: str
    curve: Curve


@dataclass(frozen=True, slots=True)
class Axis:
    """The vertical axis: its title, whether it is a share, and the colours of the variants in their order.

    extent: from where to where; log: whether it is logarithmic.
    """

    title: str
    share: bool
    colours: Mapping[str, str]
    extent: tuple[float, float] = (0.0, 1.0)
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        low, high = self.extent
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def value(self, place: float) -> float:
        """What stands at a place from 0 to 1."""
        low, high = self.extent
        return low * (high / low) ** place if self.log else low + place * (high - low)

    def y(self, field: str) -> alt.Y:
        if self.log:
            scale = alt.Scale(type="log", domain=list(self.extent), nice=False)
        else:
            scale = alt.Scale(domain=list(self.extent), nice=False, zero=False)
        written = ticks(*self.extent) if self.log else alt.Undefined
        axis = alt.Axis(format=form(share=self.share), tickCount=6, values=written, labelOverlap=not self.log)
        return alt.Y(f"{field}:Q", title=self.title, scale=scale, axis=axis)

    @property
    def colour(self) -> alt.Color:
        scale = alt.Scale(domain=list(self.colours), range=list(self.colours.values()))
        return alt.Color("variant:N", legend=None, scale=scale)


def closer(numbers: Sequence[float]) -> tuple[float, float] | None:
    """An axis of shares that leaves out the lowest of the numbers, where a few of them would take most of the room.

    Of numbers four fifths of which lie close together at the top, such as accuracies by epoch.
    """
    low, high = min(numbers), max(numbers)
    start = float(np.quantile(numbers, 0.2))
    start -= 0.5 * (high - start)
    if high == low or (start - low) < 0.3 * (high - low):
        return None
    return start, high + 0.04 * (high - start)


def axis_of(found: Sequence[Line], title: str, colours: Mapping[str, str], *, share: bool, log: bool | None) -> Axis:
    """The axis for lines; log: None where the numbers decide. `cut_below` says what it leaves out."""
    numbers = [mean.value for line in found for mean in line.curve.means if math.isfinite(mean.value)] or [0.0, 1.0]
    chosen = (spans(numbers) and not share) if log is None else log and min(numbers) > 0
    near = closer(numbers) if share else None
    return Axis(title, share, colours, near or extent(numbers, log=chosen), chosen)


def cut_below(found: Sequence[Line], axis: Axis) -> bool:
    """Whether some means lie below the axis."""
    return any(mean.value < axis.extent[0] for line in found for mean in line.curve.means)


def lines(found: Sequence[Line], axis: Axis, *, style: Style) -> Chart:
    """The chart; a line that has one epoch is a point."""
    rows = [row for line in found for row in rows_of(line)]
    shown = alt.condition(PICKED, alt.value(1.0), alt.value(PALE))
    x = alt.X(
        "epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickMinStep=1, format="d"), scale=alt.Scale(nice=False)
    )
    base = alt.Chart(values(rows)).encode(x=x, color=axis.colour, detail="part:N")
    dash = alt.StrokeDash("part:N", legend=None, scale=alt.Scale(domain=["dev", "train"], range=[[1, 0], [5, 3]]))
    line = base.mark_line(strokeWidth=1.8, clip=True).encode(y=axis.y("value"), strokeDash=dash, opacity=shown)
    layers: list[Any] = [*_band(found, axis, x), line]
    if len({row["epoch"] for row in rows}) == 1:
        layers.append(base.mark_point(filled=True, size=50, clip=True).encode(y=axis.y("value"), opacity=shown))
    if style.interactive:
        points = base.transform_filter(PICKED).mark_point(filled=True, size=70, opacity=0, clip=True)
        layers.append(points.encode(y=axis.y("value"), tooltip=_tooltip(axis, rows)))
    layers += _names(found, axis, x, style)
    return sized(alt.layer(*layers), style, HEIGHT).add_params(alt.param(name="picked", value=[]))


def rows_of(line: Line) -> list[dict[str, Any]]:
    """A line's points that are numbers."""
    return [
        {"variant": line.variant, "part": line.part, "epoch": epoch}
        | {"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n}
        for epoch, mean in zip(line.curve.epochs, line.curve.means, strict=True)
        if math.isfinite(mean.value)
    ]


def _band(found: Sequence[Line], axis: Axis, x: alt.X) -> list[alt.Chart]:
    """The interval of the dev lines, as far as the axis goes."""
    low, high = axis.extent
    rows = [
        row | {"low": max(row["low"], low, floor), "high": min(row["high"], high)}
        for line in found
        if line.part == "dev"
        for floor in [lowest(line) if axis.log else -math.inf]
        for row in rows_of(line)
        if row["low"] is not None and row["high"] > low
    ]
    if not rows:
        return []
    area = alt.Chart(values(rows)).mark_area(clip=True).encode(x=x, y=axis.y("low"), y2="high:Q", color=axis.colour)
    return [area.encode(opacity=alt.condition(PICKED, alt.value(0.16), alt.value(0.01)))]


def lowest(line: Line) -> float:
    """The lowest positive number of a line and its intervals, at which a band that reaches 0 ends on a logarithm."""
    ends = [mean.low for mean in line.curve.means if mean.low is not None and math.isfinite(mean.value)]
    known = [mean.value for mean in line.curve.means if math.isfinite(mean.value)]
    return min(number for number in (*ends, *known) if number > 0)


def reach_zero(found: Sequence[Line], axis: Axis) -> bool:
    """Whether an interval of the bands has no place on the axis, as it reaches 0 and the axis is logarithmic."""
    bands = [line for line in found if axis.log and line.part == "dev"]
    return any(mean.low is not None and mean.low <= 0 for line in bands for mean in line.curve.means)


def _tooltip(axis: Axis, rows: Sequence[Mapping[str, Any]]) -> list[alt.Tooltip]:
    number = ".2%" if axis.share else ".4~g"
    fields = [alt.Tooltip("variant:N"), alt.Tooltip("part:N"), alt.Tooltip("epoch:Q", format="d")]
    fields.append(alt.Tooltip("value:Q", title=axis.title, format=number))
    if any(row["low"] is not None for row in rows):
        fields.append(alt.Tooltip("low:Q", title="95 % from", format=number))
        fields.append(alt.Tooltip("high:Q", title="95 % to", format=number))
    return [*fields, alt.Tooltip("n:Q", title="n")]


def _names(found: Sequence[Line], axis: Axis, x: alt.X, style: Style) -> list[alt.Chart]:
    """The names of the variants at the ends of their lines."""
    if (style.interactive and len(axis.colours) > LABELLED) or len(axis.colours) < 2:
        return []
    last: dict[str, dict[str, Any]] = {}
    for line in found:
        rows = rows_of(line)
        if rows and (line.variant not in last or line.part == "dev"):
            last[line.variant] = rows[-1]
    end = max(row["epoch"] for row in last.values())
    places = spread([min(1.0, max(0.0, axis.place(row["value"]))) for row in last.values()], APART)
    rows = [
        {"variant": variant, "epoch": end, "at": axis.value(place), "label": label}
        for variant, place, label in zip(last, places, shortened(list(last), LETTERS), strict=True)
    ]
    label = alt.Chart(values(rows)).mark_text(align="left", dx=6, baseline="middle")
    shown = alt.condition(PICKED, alt.value(1.0), alt.value(PALE))
    return [label.encode(x=x, y=axis.y("at"), text="label:N", color=axis.colour, opacity=shown)]


def colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each variant that is drawn."""
    return dict(zip(map(visible, variants), PALETTE, strict=False))
