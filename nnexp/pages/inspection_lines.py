"""A number of each layer as a line from layer to layer, for one or several initialisers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import altair as alt

from nnexp.pages.figures.base import PICKED, Chart, Style, sized, spans, values
from nnexp.pages.figures.labels import spread
from nnexp.pages.html import visible
from nnexp.pages.inspection_histograms import PALE
from nnexp.pages.theme import PALETTE, PAPER

HEIGHT = 260

APART = 14 / HEIGHT
"""Of two names beside lines, as a share of the height."""

LABELLED = 12
"""Initialisers up to which lines have their names beside them; the legend has them always."""

LETTERS = 24
"""Characters of such a name."""

DECADES = 10
"""From which ratio of the largest to the smallest number on the scale is logarithmic."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")

FEW = 6
"""Layers up to which their names stand upright below the axis."""

MANY = 16
"""Layers from which on not all names stand there."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one quantity is in the layers of one initialiser's network; None where it is not known."""

    variant: str
    values: tuple[float | None, ...]

    @property
    def finite(self) -> list[float]:
        return [value for value in self.values if value is not None and math.isfinite(value)]


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity, layer by layer. share: whether it is one."""

    title: str
    layers: tuple[str, ...]
    series: tuple[Series, ...]
    share: bool = False

    @property
    def numbers(self) -> list[float]:
        return [value for one in self.series for value in one.finite]

    @property
    def log(self) -> bool:
        """Whether the scale is logarithmic; zeros then stand below it."""
        return not self.share and spans([value for value in self.numbers if value > 0], DECADES)

    @property
    def has_zeros(self) -> bool:
        return self.log and 0 in self.numbers

    def shortened(self) -> Measured:
        """Without the layers of which it is known for no initialiser."""
        known = [at for at in range(len(self.layers)) if any(one.values[at] is not None for one in self.series)]
        series = tuple(replace(one, values=tuple(one.values[at] for at in known)) for one in self.series)
        return replace(self, layers=tuple(self.layers[at] for at in known), series=series)


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where the vertical axis goes; zero: where zeros stand on a logarithmic one."""

    low: float
    high: float
    log: bool
    zero: float = 0.0

    def put(self, value: float) -> float:
        """Where a value is drawn."""
        return self.zero if value == 0 else value

    def place(self, value: float) -> float:
        """Where a value is drawn, from 0 to 1."""
        if self.log:
            return math.log(self.put(value) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, place: float) -> float:
        """The value that is drawn at a place from 0 to 1."""
        return self.low * (self.high / self.low) ** place if self.log else self.low + place * (self.high - self.low)

    def ticks(self) -> list[float]:
        """Powers of ten, at most seven of them, with what lies between where they are few; first the mark of zeros."""
        smallest = self.zero * 2 if self.zero else self.low
        first, last = math.ceil(math.log10(smallest) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, math.ceil((last - first + 1) / 7))
        factors = (1, 2, 5) if last - first < 2 else (1,)
        found = [
            factor * 10.0**power for power in range(first - 1, last + 1) for factor in factors if power % every == 0
        ]
        return [self.zero] * (self.zero > 0) + [tick for tick in found if smallest <= tick <= self.high]


def axis_of(found: Measured) -> Axis:
    """The axis that holds all numbers."""
    numbers = found.numbers
    if not found.log:
        most = max(numbers, default=0.0)
        high = (1.0 if most > 0.5 else max(0.1, most)) if found.share else most or 1.0
        return Axis(-0.03 * high, 1.05 * high, log=False)
    least, most = min(value for value in numbers if value > 0), max(numbers)
    room = (most / least) ** 0.05
    if not found.has_zeros:
        return Axis(least / room, most * room, log=True)
    gap = max(3.0, (most / least) ** 0.12)
    return Axis(least / gap / room, most * room, log=True, zero=least / gap)


def together(found: Measured) -> list[list[str]]:
    """The initialisers whose lines cannot be told from each other, nowhere being a hundredth of the height apart."""
    axis = axis_of(found)
    same: dict[tuple[float | None, ...], list[str]] = {}
    for one in found.series:
        places = tuple(None if _kind(value, axis) == "lost" else axis.place(value or 0.0) for value in one.values)
        near = next((known for known in same if _near(known, places)), places)
        same.setdefault(near, []).append(one.variant)
    return [names for places, names in same.items() if len(names) > 1 and any(place is not None for place in places)]


def _near(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return all(
        a is b is None or (a is not None and b is not None and abs(a - b) < 0.01)
        for a, b in zip(one, other, strict=True)
    )


def by_layer(found: Measured, colours: Mapping[str, str], *, style: Style) -> Chart:
    """The chart. Lines are broken where a number is not finite, and between 0 and others on a logarithmic scale."""
    axis = axis_of(found)
    rows = [row for one in found.series for row in _rows(one, found, axis)]
    order = list(colours)
    shown = alt.condition(PICKED, alt.value(1.0), alt.value(PALE))
    colour = alt.Color("variant:N", legend=None, scale=alt.Scale(domain=order, range=list(colours.values())))
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(order))]
    shape = alt.Shape("variant:N", legend=None, scale=alt.Scale(domain=order, range=shapes))
    x, y = _x(found), _y(found, axis)
    base = alt.Chart(values(rows)).encode(x=x, y=y, color=colour, opacity=shown)
    tips = [
        alt.Tooltip("variant:N", title="init"),
        alt.Tooltip("layer:N"),
        alt.Tooltip("value:Q", title=found.title, format=".1%" if found.share else ".3~g"),
    ]
    points = base.mark_point(size=46, strokeWidth=1.6, opacity=1).encode(
        shape=shape, fill=alt.condition("datum.hollow", alt.value(PAPER), colour), tooltip=tips
    )
    layers: list[Any] = [base.mark_line(strokeWidth=1.8).encode(detail="part:N"), points]
    if 1 < len(order) <= LABELLED:
        names = alt.Chart(values(_names(found, axis))).mark_text(align="left", dx=8, baseline="middle")
        layers.append(names.encode(x=x, y=y, text="label:N", color=colour, opacity=shown))
    return sized(alt.layer(*layers), style, HEIGHT).add_params(alt.param(name="picked", value=[]))


def _rows(one: Series, found: Measured, axis: Axis) -> Iterator[dict[str, Any]]:
    """The points of a line; `part` numbers what is drawn in one piece."""
    entries = list(zip(found.layers, one.values, strict=True))
    for part, (kind, pieces) in enumerate(groupby(entries, key=lambda entry: _kind(entry[1], axis))):
        if kind == "lost":
            continue
        for layer, value in pieces:
            assert value is not None
            place = axis.put(value) if axis.zero else value
            yield {"variant": one.variant, "layer": layer, "value": value, "at": place, "part": part} | {
                "hollow": kind == "zero"
            }


def _kind(value: float | None, axis: Axis) -> str:
    if value is None or not math.isfinite(value):
        return "lost"
    return "zero" if value == 0 and axis.zero else "number"


def _names(found: Measured, axis: Axis) -> list[dict[str, Any]]:
    """The names of the initialisers at the ends of their lines."""
    known = [one for one in found.series if _kind(one.values[-1], axis) != "lost"]
    places = spread([axis.place(one.finite[-1]) for one in known], APART)
    return [
        {"variant": one.variant, "layer": found.layers[-1], "at": axis.at(place), "label": _cut(one.variant)}
        for one, place in zip(known, places, strict=True)
    ]


def _cut(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"


def _x(found: Measured) -> alt.X:
    names = [visible(name) for name in found.layers]
    angle = 0 if len(names) <= FEW else -45
    axis = alt.Axis(grid=False, labelAngle=angle, labelOverlap=len(names) > MANY, title=None, labelLimit=120)
    return alt.X(
        "layer:N", axis=axis, scale=alt.Scale(domain=names, type="point", padding=min(0.3, 0.025 * len(names)))
    )


def _y(found: Measured, axis: Axis) -> alt.Y:
    domain = [axis.low, axis.high]
    if not axis.log:
        ticks = alt.Axis(format="~%" if found.share else "~g", tickCount=6)
        return alt.Y("at:Q", title=found.title, scale=alt.Scale(domain=domain, nice=False, zero=False), axis=ticks)
    number = "format(datum.value, datum.value >= 0.0009 && datum.value < 10001 ? '~r' : '~e')"
    zero = f"datum.value < {axis.zero * 1.01!r} ? '0' : " if axis.zero else ""
    ticks = alt.Axis(values=axis.ticks(), labelExpr=f"{zero}{number}", labelOverlap=False)
    return alt.Y(
        "at:Q", title=f"{found.title} (log scale)", scale=alt.Scale(type="log", domain=domain, nice=False), axis=ticks
    )


def chosen(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each initialiser; more of them than there are colours have their shapes as well."""
    return {visible(name): PALETTE[place % len(PALETTE)] for place, name in enumerate(variants)}
