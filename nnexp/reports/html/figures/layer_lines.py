"""A number of each layer as a line from layer to layer, for one or several initialisers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, cycle, groupby, islice
from operator import attrgetter
from typing import Any, TypeGuard

import altair as alt

from nnexp.reports.html.figures.base import (
    Chart,
    ChartStyle,
    add_picking,
    encode_picked_opacity,
    encode_variant_colour,
    make_data,
    plot_end_names,
    set_size,
)
from nnexp.reports.html.figures.histograms import PALE_OPACITY
from nnexp.reports.html.figures.labels import move_apart
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import AxisRange, make_layer_range, make_metric_axis, needs_log_axis
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import PAPER_COLOUR, VARIANT_COLOURS

HEIGHT_PIXELS = 260

MIN_LABEL_GAP = 14 / HEIGHT_PIXELS
"""Of two names beside lines, as a share of the height."""

MAX_LABELLED_INITIALIZERS = 12
"""Initialisers up to which lines have their names beside them; the legend has them always."""

MAX_LABEL_CHARACTERS = 24
"""Characters of such a name."""

MIN_LOG_RATIO = 10
"""From which ratio of the largest to the smallest number on the scale is logarithmic."""

# Vega's shapes, the most different ones first: an initialiser is told from others without its colour.
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

MAX_UPRIGHT_LAYERS = 6
"""Layers up to which their names stand upright below the axis."""

MAX_LABELLED_LAYERS = 16
"""Layers from which on not all names stand there."""


def _is_finite(value: float | None) -> TypeGuard[float]:
    """Whether a value is known and can be drawn."""
    return value is not None and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class LayerSeries:
    """What one quantity is in the layers of one initialiser's network; None where it is not known."""

    variant: str
    values: tuple[float | None, ...]

    @property
    def finite_values(self) -> list[float]:
        return list(filter(_is_finite, self.values))


@dataclass(frozen=True, slots=True)
class LayerQuantity:
    """One quantity, layer by layer. share: whether it is one."""

    title: str
    layers: tuple[str, ...]
    series: tuple[LayerSeries, ...]
    share: bool = False

    @property
    def finite_values(self) -> list[float]:
        numbers: list[float] = []
        for one in self.series:
            numbers += one.finite_values
        return numbers

    @property
    def is_log(self) -> bool:
        """Whether the scale is logarithmic; zeros then stand below it."""
        return not self.share and needs_log_axis(list(filter(None, self.finite_values)), MIN_LOG_RATIO)

    @property
    def has_zeros(self) -> bool:
        return self.is_log and 0 in self.finite_values

    def drop_unknown_layers(self) -> LayerQuantity:
        """Without the layers of which it is known for no initialiser."""
        by_layer = zip(*map(attrgetter("values"), self.series), strict=True)
        is_known = [set(values) != {None} for values in by_layer]
        series = tuple(replace(one, values=tuple(compress(one.values, is_known))) for one in self.series)
        return replace(self, layers=tuple(compress(self.layers, is_known)), series=series)


def make_axis(found: LayerQuantity) -> AxisRange:
    """The vertical axis, which holds all numbers."""
    return make_layer_range(found.finite_values, share=found.share, log=found.is_log)


def group_overlapping(found: LayerQuantity) -> list[list[str]]:
    """The initialisers whose lines cannot be told from each other, nowhere being a hundredth of the height apart."""
    axis = make_axis(found)
    groups: dict[tuple[float | None, ...], list[str]] = {}
    for one in found.series:
        places = tuple(_find_place(value, axis) for value in one.values)
        if set(places) == {None}:
            continue  # a line that is drawn nowhere lies over no other
        near = next((known for known in groups if _are_close(known, places)), places)
        groups.setdefault(near, []).append(one.variant)
    return [names for names in groups.values() if len(names) > 1]


def _find_place(value: float | None, axis: AxisRange) -> float | None:
    """Where a value is drawn, from 0 to 1; None where it is not."""
    if not _is_finite(value):
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
    rows: list[dict[str, Any]] = []
    for one in found.series:
        rows += _make_rows(one, found, axis)
    colour = encode_variant_colour(colours)
    shapes = alt.Scale(domain=list(colours), range=list(islice(cycle(POINT_SHAPES), len(colours))))
    x, y = _encode_x(found), _encode_y(found, axis)
    base = alt.Chart(make_data(rows)).encode(x=x, y=y, color=colour, opacity=encode_picked_opacity(PALE_OPACITY))
    points = base.mark_point(size=46, strokeWidth=1.6, opacity=1).encode(
        shape=alt.Shape("variant:N", legend=None, scale=shapes),
        fill=alt.condition("datum.hollow", alt.value(PAPER_COLOUR), colour),
        tooltip=[
            alt.Tooltip("variant:N", title="init"),
            alt.Tooltip("layer:N"),
            alt.Tooltip("value:Q", title=found.title, format=".1%" if found.share else ".3~g"),
        ],
    )
    layers: list[Any] = [base.mark_line(strokeWidth=1.8).encode(detail="part:N"), points]
    if 1 < len(colours) <= MAX_LABELLED_INITIALIZERS:
        layers.append(plot_end_names(_place_names(found, axis), x, y, colours, gap=8, pale=PALE_OPACITY))
    return add_picking(set_size(alt.layer(*layers), style, HEIGHT_PIXELS))


def _make_rows(one: LayerSeries, found: LayerQuantity, axis: AxisRange) -> Iterator[dict[str, Any]]:
    """The points of a line; `part` numbers what is drawn in one piece."""
    entries = zip(found.layers, one.values, strict=True)
    for part, (kind, pieces) in enumerate(groupby(entries, key=lambda entry: _classify_value(entry[1], axis))):
        if kind == "lost":
            continue
        for layer, value in pieces:
            assert value is not None, "what is not known is lost"
            point = {"variant": one.variant, "layer": layer, "value": value, "at": axis.replace_zero(value)}
            yield point | {"part": part, "hollow": kind == "zero"}


def _classify_value(value: float | None, axis: AxisRange) -> str:
    if not _is_finite(value):
        return "lost"
    if value == 0 and axis.zero_mark:
        return "zero"
    return "number"


def _place_names(found: LayerQuantity, axis: AxisRange) -> list[dict[str, Any]]:
    """The names of the initialisers at the ends of their lines."""
    variants, places = [], []
    for one in found.series:
        if _classify_value(one.values[-1], axis) != "lost":
            variants.append(one.variant)
            places.append(axis.place_of(one.finite_values[-1]))
    labels = shorten_names(variants, MAX_LABEL_CHARACTERS)
    rows = []
    for variant, place, label in zip(variants, move_apart(places, MIN_LABEL_GAP), labels, strict=True):
        rows.append({"variant": variant, "layer": found.layers[-1], "at": axis.value_at(place), "label": label})
    return rows


def _encode_x(found: LayerQuantity) -> alt.X:
    names = list(map(escape_controls, found.layers))
    axis = alt.Axis(
        grid=False,
        labelAngle=0 if len(names) <= MAX_UPRIGHT_LAYERS else -45,
        labelOverlap=len(names) > MAX_LABELLED_LAYERS,
        title=None,
        labelLimit=120,
    )
    scale = alt.Scale(domain=names, type="point", padding=min(0.3, 0.025 * len(names)))
    return alt.X("layer:N", axis=axis, scale=scale)


def _encode_y(found: LayerQuantity, axis: AxisRange) -> alt.Y:
    if not axis.is_log:
        ticks = make_metric_axis(share=found.share)
        return alt.Y("at:Q", title=found.title, scale=axis.make_scale(), axis=ticks)
    number = "format(datum.value, datum.value >= 0.0009 && datum.value < 10001 ? '~r' : '~e')"
    if axis.zero_mark:
        # The mark of zeros is not quite the number that is given here, after Vega has placed it.
        number = f"datum.value < {axis.zero_mark * 1.01!r} ? '0' : {number}"
    ticks = alt.Axis(values=axis.list_powers(), labelExpr=number, labelOverlap=False)
    return alt.Y("at:Q", title=f"{found.title} (log scale)", scale=axis.make_scale(), axis=ticks)


def cycle_colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each initialiser; more of them than there are colours have their shapes as well."""
    return dict(zip(map(escape_controls, variants), cycle(VARIANT_COLOURS), strict=False))
