"""A number of each layer as a line from layer to layer, for one or several initialisers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress, cycle, groupby
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import (
    Chart,
    ChartStyle,
    add_picking,
    encode_picked_opacity,
    encode_variant_colour,
    make_data,
    needs_log_axis,
    plot_end_names,
    set_size,
)
from nnexp.reports.html.figures.histograms import PALE_OPACITY
from nnexp.reports.html.figures.labels import move_apart
from nnexp.reports.html.figures.scales import LINEAR_TICKS, AxisRange
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import PAPER_COLOUR, VARIANT_COLOURS
from nnexp.wording import shorten_text

HEIGHT_PIXELS = 260

MIN_LABEL_GAP = 14 / HEIGHT_PIXELS
"""Of two names beside lines, as a share of the height."""

MAX_LABELLED_INITIALIZERS = 12
"""Initialisers up to which lines have their names beside them; the legend has them always."""

MAX_LABEL_CHARACTERS = 24
"""Characters of such a name."""

MIN_LOG_RATIO = 10
"""From which ratio of the largest to the smallest number on the scale is logarithmic."""

POINT_SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-left",
    "triangle-right",
)

MAX_OVERLAP_SHARE = 0.01
"""Of the height: lines that are nowhere so far apart look like one."""

MAX_POWERS = 7
"""Powers of ten beside an axis."""

ROUNDING_SLACK = 1e-9
"""A logarithm of 0.001 may be -2.9999999999999996, and is to count as a whole number."""

MAX_UPRIGHT_LAYERS = 6
"""Layers up to which their names stand upright below the axis."""

MAX_LABELLED_LAYERS = 16
"""Layers from which on not all names stand there."""


@dataclass(frozen=True, slots=True)
class LayerSeries:
    """What one quantity is in the layers of one initialiser's network; None where it is not known."""

    variant: str
    values: tuple[float | None, ...]

    @property
    def finite_values(self) -> list[float]:
        return [value for value in self.values if value is not None and math.isfinite(value)]


@dataclass(frozen=True, slots=True)
class LayerQuantity:
    """One quantity, layer by layer. share: whether it is one."""

    title: str
    layers: tuple[str, ...]
    series: tuple[LayerSeries, ...]
    share: bool = False

    @property
    def finite_values(self) -> list[float]:
        return list(chain.from_iterable(one.finite_values for one in self.series))

    @property
    def is_log(self) -> bool:
        """Whether the scale is logarithmic; zeros then stand below it."""
        positive = [value for value in self.finite_values if value > 0]
        return not self.share and needs_log_axis(positive, MIN_LOG_RATIO)

    @property
    def has_zeros(self) -> bool:
        return self.is_log and 0 in self.finite_values

    def drop_unknown_layers(self) -> LayerQuantity:
        """Without the layers of which it is known for no initialiser."""
        is_known = [any(value is not None for value in values) for values in self._list_by_layer()]
        series = tuple(replace(one, values=tuple(compress(one.values, is_known))) for one in self.series)
        return replace(self, layers=tuple(compress(self.layers, is_known)), series=series)

    def _list_by_layer(self) -> list[tuple[float | None, ...]]:
        """The values of each layer, one for each initialiser."""
        return list(zip(*(one.values for one in self.series), strict=True))


@dataclass(frozen=True, slots=True)
class QuantityAxis:
    """The vertical axis. zero: where zeros stand on a logarithmic one, 0 where there are none."""

    range: AxisRange
    zero: float = 0.0

    def replace_zero(self, value: float) -> float:
        """Where a value is drawn."""
        return self.zero if value == 0 else value

    def place_of(self, value: float) -> float:
        """Where a value is drawn, from 0 to 1."""
        return self.range.place_of(self.replace_zero(value))

    def list_ticks(self) -> list[float]:
        """Powers of ten, at most seven of them, with what lies between where they are few; first the mark of zeros."""
        smallest = self.zero * 2 if self.zero else self.range.low
        first = math.ceil(math.log10(smallest) - ROUNDING_SLACK)
        last = math.floor(math.log10(self.range.high) + ROUNDING_SLACK)
        step = max(1, math.ceil((last - first + 1) / MAX_POWERS))
        factors = (1, 2, 5) if last - first < 2 else (1,)
        ticks = [self.zero] if self.zero else []
        for power in range(first - 1, last + 1):
            if power % step == 0:
                numbers = [factor * 10.0**power for factor in factors]
                ticks += [number for number in numbers if smallest <= number <= self.range.high]
        return ticks


def make_axis(found: LayerQuantity) -> QuantityAxis:
    """The axis that holds all numbers."""
    if found.share:
        return _make_share_axis(max(found.finite_values, default=0.0))
    if found.is_log:
        return _make_log_axis(found)
    high = max(found.finite_values, default=0.0) or 1.0
    return QuantityAxis(_add_edges(high))


def _make_share_axis(largest: float) -> QuantityAxis:
    """To the whole, or as far as small shares need it."""
    if largest > 0.5:
        return QuantityAxis(_add_edges(1.0))
    return QuantityAxis(_add_edges(max(0.1, largest)))


def _add_edges(high: float) -> AxisRange:
    """From 0 to a number, with room for points on either end."""
    return AxisRange(-0.03 * high, 1.05 * high)


def _make_log_axis(found: LayerQuantity) -> QuantityAxis:
    """From the smallest positive number to the largest; below it zeros, apart from the numbers by a gap."""
    numbers = found.finite_values
    smallest, largest = min(value for value in numbers if value > 0), max(numbers)
    room = (largest / smallest) ** 0.05
    if not found.has_zeros:
        return QuantityAxis(AxisRange(smallest / room, largest * room, is_log=True))
    gap = max(3.0, (largest / smallest) ** 0.12)
    return QuantityAxis(AxisRange(smallest / gap / room, largest * room, is_log=True), zero=smallest / gap)


def group_overlapping(found: LayerQuantity) -> list[list[str]]:
    """The initialisers whose lines cannot be told from each other, nowhere being a hundredth of the height apart."""
    axis = make_axis(found)
    groups: dict[tuple[float | None, ...], list[str]] = {}
    for one in found.series:
        places = tuple(_find_place(value, axis) for value in one.values)
        near = next((known for known in groups if _are_close(known, places)), places)
        groups.setdefault(near, []).append(one.variant)
    overlapping = []
    for places, names in groups.items():
        is_drawn = any(place is not None for place in places)
        if is_drawn and len(names) > 1:
            overlapping.append(names)
    return overlapping


def _find_place(value: float | None, axis: QuantityAxis) -> float | None:
    """Where a value is drawn, from 0 to 1; None where it is not."""
    if value is None or not math.isfinite(value):
        return None
    return axis.place_of(value)


def _are_close(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    """Whether two lines are drawn in the same layers, and close to each other in all of them."""
    for place, other_place in zip(one, other, strict=True):
        if place is None or other_place is None:
            if place is not other_place:
                return False
        elif abs(place - other_place) >= MAX_OVERLAP_SHARE:
            return False
    return True


def plot_by_layer(found: LayerQuantity, colours: Mapping[str, str], *, style: ChartStyle) -> Chart:
    """The chart. Lines are broken where a number is not finite, and between 0 and others on a logarithmic scale."""
    axis = make_axis(found)
    rows = list(chain.from_iterable(_make_rows(one, found, axis) for one in found.series))
    colour = encode_variant_colour(colours)
    shapes = [shape for shape, _ in zip(cycle(POINT_SHAPES), colours, strict=False)]
    shape = alt.Shape("variant:N", legend=None, scale=alt.Scale(domain=list(colours), range=shapes))
    x, y = _encode_x(found), _encode_y(found, axis)
    base = alt.Chart(make_data(rows)).encode(x=x, y=y, color=colour, opacity=encode_picked_opacity(PALE_OPACITY))
    tooltips = [
        alt.Tooltip("variant:N", title="init"),
        alt.Tooltip("layer:N"),
        alt.Tooltip("value:Q", title=found.title, format=".1%" if found.share else ".3~g"),
    ]
    points = base.mark_point(size=46, strokeWidth=1.6, opacity=1).encode(
        shape=shape, fill=alt.condition("datum.hollow", alt.value(PAPER_COLOUR), colour), tooltip=tooltips
    )
    layers: list[Any] = [base.mark_line(strokeWidth=1.8).encode(detail="part:N"), points]
    if 1 < len(colours) <= MAX_LABELLED_INITIALIZERS:
        layers.append(plot_end_names(_place_names(found, axis), x, y, colours, gap=8, pale=PALE_OPACITY))
    return add_picking(set_size(alt.layer(*layers), style, HEIGHT_PIXELS))


def _make_rows(one: LayerSeries, found: LayerQuantity, axis: QuantityAxis) -> Iterator[dict[str, Any]]:
    """The points of a line; `part` numbers what is drawn in one piece."""
    entries = list(zip(found.layers, one.values, strict=True))
    for part, (kind, pieces) in enumerate(groupby(entries, key=lambda entry: _classify_value(entry[1], axis))):
        if kind == "lost":
            continue
        for layer, value in pieces:
            assert value is not None, "what is not known is lost"
            place = axis.replace_zero(value) if axis.zero else value
            point = {"variant": one.variant, "layer": layer, "value": value, "at": place}
            yield point | {"part": part, "hollow": kind == "zero"}


def _classify_value(value: float | None, axis: QuantityAxis) -> str:
    if value is None or not math.isfinite(value):
        return "lost"
    return "zero" if value == 0 and axis.zero else "number"


def _place_names(found: LayerQuantity, axis: QuantityAxis) -> list[dict[str, Any]]:
    """The names of the initialisers at the ends of their lines."""
    known = [one for one in found.series if _classify_value(one.values[-1], axis) != "lost"]
    places = move_apart([axis.place_of(one.finite_values[-1]) for one in known], MIN_LABEL_GAP)
    return [
        {
            "variant": one.variant,
            "layer": found.layers[-1],
            "at": axis.range.value_at(place),
            "label": shorten_text(one.variant, MAX_LABEL_CHARACTERS),
        }
        for one, place in zip(known, places, strict=True)
    ]


def _encode_x(found: LayerQuantity) -> alt.X:
    names = [escape_controls(name) for name in found.layers]
    axis = alt.Axis(
        grid=False,
        labelAngle=0 if len(names) <= MAX_UPRIGHT_LAYERS else -45,
        labelOverlap=len(names) > MAX_LABELLED_LAYERS,
        title=None,
        labelLimit=120,
    )
    scale = alt.Scale(domain=names, type="point", padding=min(0.3, 0.025 * len(names)))
    return alt.X("layer:N", axis=axis, scale=scale)


def _encode_y(found: LayerQuantity, axis: QuantityAxis) -> alt.Y:
    if not axis.range.is_log:
        ticks = alt.Axis(format="~%" if found.share else "~g", tickCount=LINEAR_TICKS)
        return alt.Y("at:Q", title=found.title, scale=axis.range.make_scale(), axis=ticks)
    number = "format(datum.value, datum.value >= 0.0009 && datum.value < 10001 ? '~r' : '~e')"
    # The mark of zeros is not quite the number that is given here, after Vega has placed it.
    zero = f"datum.value < {axis.zero * 1.01!r} ? '0' : " if axis.zero else ""
    ticks = alt.Axis(values=axis.list_ticks(), labelExpr=f"{zero}{number}", labelOverlap=False)
    return alt.Y("at:Q", title=f"{found.title} (log scale)", scale=axis.range.make_scale(), axis=ticks)


def cycle_colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each initialiser; more of them than there are colours have their shapes as well."""
    return dict(zip(map(escape_controls, variants), cycle(VARIANT_COLOURS), strict=False))
