"""A number of each layer as a line from layer to layer, for one or several initialisers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import PICKED_EXPRESSION, Chart, ChartStyle, make_data, needs_log_axis, set_size
from nnexp.reports.html.figures.histograms import PALE_OPACITY
from nnexp.reports.html.figures.labels import move_apart
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
        return [value for one in self.series for value in one.finite_values]

    @property
    def is_log(self) -> bool:
        """Whether the scale is logarithmic; zeros then stand below it."""
        return not self.share and needs_log_axis([value for value in self.finite_values if value > 0], MIN_LOG_RATIO)

    @property
    def has_zeros(self) -> bool:
        return self.is_log and 0 in self.finite_values

    def drop_unknown_layers(self) -> LayerQuantity:
        """Without the layers of which it is known for no initialiser."""
        known = [at for at in range(len(self.layers)) if any(one.values[at] is not None for one in self.series)]
        series = tuple(replace(one, values=tuple(one.values[at] for at in known)) for one in self.series)
        return replace(self, layers=tuple(self.layers[at] for at in known), series=series)


@dataclass(frozen=True, slots=True)
class QuantityAxis:
    """From where to where the vertical axis goes; zero: where zeros stand on a logarithmic one."""

    low: float
    high: float
    log: bool
    zero: float = 0.0

    def replace_zero(self, value: float) -> float:
        """Where a value is drawn."""
        return self.zero if value == 0 else value

    def place_of(self, value: float) -> float:
        """Where a value is drawn, from 0 to 1."""
        if self.log:
            return math.log(self.replace_zero(value) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value_at(self, place: float) -> float:
        """The value that is drawn at a place from 0 to 1."""
        return self.low * (self.high / self.low) ** place if self.log else self.low + place * (self.high - self.low)

    def list_ticks(self) -> list[float]:
        """Powers of ten, at most seven of them, with what lies between where they are few; first the mark of zeros."""
        smallest = self.zero * 2 if self.zero else self.low
        first, last = math.ceil(math.log10(smallest) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, math.ceil((last - first + 1) / 7))
        factors = (1, 2, 5) if last - first < 2 else (1,)
        found = [
            factor * 10.0**power for power in range(first - 1, last + 1) for factor in factors if power % every == 0
        ]
        return [self.zero] * (self.zero > 0) + [tick for tick in found if smallest <= tick <= self.high]


def make_axis(found: LayerQuantity) -> QuantityAxis:
    """The axis that holds all numbers."""
    numbers = found.finite_values
    if not found.is_log:
        most = max(numbers, default=0.0)
        high = most or 1.0
        if found.share:
            high = 1.0 if most > 0.5 else max(0.1, most)
        return QuantityAxis(-0.03 * high, 1.05 * high, log=False)
    least, most = min(value for value in numbers if value > 0), max(numbers)
    room = (most / least) ** 0.05
    if not found.has_zeros:
        return QuantityAxis(least / room, most * room, log=True)
    gap = max(3.0, (most / least) ** 0.12)
    return QuantityAxis(least / gap / room, most * room, log=True, zero=least / gap)


def group_overlapping(found: LayerQuantity) -> list[list[str]]:
    """The initialisers whose lines cannot be told from each other, nowhere being a hundredth of the height apart."""
    axis = make_axis(found)
    same: dict[tuple[float | None, ...], list[str]] = {}
    for one in found.series:
        places = tuple(
            None if _classify_value(value, axis) == "lost" else axis.place_of(value or 0.0) for value in one.values
        )
        near = next((known for known in same if _are_close(known, places)), places)
        same.setdefault(near, []).append(one.variant)
    return [names for places, names in same.items() if len(names) > 1 and any(place is not None for place in places)]


def _are_close(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return all(
        a is b is None or (a is not None and b is not None and abs(a - b) < 0.01)
        for a, b in zip(one, other, strict=True)
    )


def plot_by_layer(found: LayerQuantity, colours: Mapping[str, str], *, style: ChartStyle) -> Chart:
    """The chart. Lines are broken where a number is not finite, and between 0 and others on a logarithmic scale."""
    axis = make_axis(found)
    rows = [row for one in found.series for row in _make_rows(one, found, axis)]
    order = list(colours)
    shown = alt.condition(PICKED_EXPRESSION, alt.value(1.0), alt.value(PALE_OPACITY))
    colour = alt.Color("variant:N", legend=None, scale=alt.Scale(domain=order, range=list(colours.values())))
    shapes = [POINT_SHAPES[place % len(POINT_SHAPES)] for place in range(len(order))]
    shape = alt.Shape("variant:N", legend=None, scale=alt.Scale(domain=order, range=shapes))
    x, y = _encode_x(found), _encode_y(found, axis)
    base = alt.Chart(make_data(rows)).encode(x=x, y=y, color=colour, opacity=shown)
    tips = [
        alt.Tooltip("variant:N", title="init"),
        alt.Tooltip("layer:N"),
        alt.Tooltip("value:Q", title=found.title, format=".1%" if found.share else ".3~g"),
    ]
    points = base.mark_point(size=46, strokeWidth=1.6, opacity=1).encode(
        shape=shape, fill=alt.condition("datum.hollow", alt.value(PAPER_COLOUR), colour), tooltip=tips
    )
    layers: list[Any] = [base.mark_line(strokeWidth=1.8).encode(detail="part:N"), points]
    if 1 < len(order) <= MAX_LABELLED_INITIALIZERS:
        names = alt.Chart(make_data(_place_names(found, axis))).mark_text(align="left", dx=8, baseline="middle")
        layers.append(names.encode(x=x, y=y, text="label:N", color=colour, opacity=shown))
    return set_size(alt.layer(*layers), style, HEIGHT_PIXELS).add_params(alt.param(name="picked", value=[]))


def _make_rows(one: LayerSeries, found: LayerQuantity, axis: QuantityAxis) -> Iterator[dict[str, Any]]:
    """The points of a line; `part` numbers what is drawn in one piece."""
    entries = list(zip(found.layers, one.values, strict=True))
    for part, (kind, pieces) in enumerate(groupby(entries, key=lambda entry: _classify_value(entry[1], axis))):
        if kind == "lost":
            continue
        for layer, value in pieces:
            assert value is not None
            place = axis.replace_zero(value) if axis.zero else value
            yield {"variant": one.variant, "layer": layer, "value": value, "at": place, "part": part} | {
                "hollow": kind == "zero"
            }


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
            "at": axis.value_at(place),
            "label": _shorten_label(one.variant),
        }
        for one, place in zip(known, places, strict=True)
    ]


def _shorten_label(label: str) -> str:
    return label if len(label) <= MAX_LABEL_CHARACTERS else f"{label[: MAX_LABEL_CHARACTERS - 1]}…"


def _encode_x(found: LayerQuantity) -> alt.X:
    names = [escape_controls(name) for name in found.layers]
    angle = 0 if len(names) <= MAX_UPRIGHT_LAYERS else -45
    axis = alt.Axis(
        grid=False, labelAngle=angle, labelOverlap=len(names) > MAX_LABELLED_LAYERS, title=None, labelLimit=120
    )
    return alt.X(
        "layer:N", axis=axis, scale=alt.Scale(domain=names, type="point", padding=min(0.3, 0.025 * len(names)))
    )


def _encode_y(found: LayerQuantity, axis: QuantityAxis) -> alt.Y:
    domain = [axis.low, axis.high]
    if not axis.log:
        ticks = alt.Axis(format="~%" if found.share else "~g", tickCount=6)
        return alt.Y("at:Q", title=found.title, scale=alt.Scale(domain=domain, nice=False, zero=False), axis=ticks)
    number = "format(datum.value, datum.value >= 0.0009 && datum.value < 10001 ? '~r' : '~e')"
    zero = f"datum.value < {axis.zero * 1.01!r} ? '0' : " if axis.zero else ""
    ticks = alt.Axis(values=axis.list_ticks(), labelExpr=f"{zero}{number}", labelOverlap=False)
    return alt.Y(
        "at:Q", title=f"{found.title} (log scale)", scale=alt.Scale(type="log", domain=domain, nice=False), axis=ticks
    )


def cycle_colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each initialiser; more of them than there are colours have their shapes as well."""
    return {escape_controls(name): VARIANT_COLOURS[place % len(VARIANT_COLOURS)] for place, name in enumerate(variants)}
