"""Small histograms of what layers give: layers by initialisers, or all layers of one network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import altair as alt

from nnexp.inspection.figures import BINS, Figures
from nnexp.pages.figures.base import PICKED, Chart, Style, sized, values
from nnexp.pages.html import visible
from nnexp.pages.theme import FAINT, INK, MUTED

PALE = 0.12
"""Opacity of what is not picked."""

EDGE = 0.05
"""What is left free on either side of a histogram, as a share of its column."""

ACROSS = 6
"""Histograms of one network beside each other."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One histogram: of which initialiser and layer, in which column, and from which pixel down."""

    variant: str
    layer: Figures
    column: int
    top: int

    @property
    def known(self) -> bool:
        return isfinite(self.layer.std)

    @property
    def left(self) -> float:
        return self.column + EDGE

    @property
    def right(self) -> float:
        return self.column + 1 - EDGE


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where histograms stand: their number across, and in pixels the text above one, its bars, and the space below."""

    columns: int
    above: int
    bars: int
    below: int

    @property
    def step(self) -> int:
        return self.above + self.bars + self.below


def side_by_side(rows: Sequence[Mapping[str, Figures]], colours: Mapping[str, str], *, style: Style) -> Chart:
    """Layers down, initialisers across. rows: of each layer, what each initialiser's network gives there."""
    sheet = Sheet(len(colours), above=14, bars=32, below=6)
    names = {name: column for column, name in enumerate(colours)}
    cells = [
        Cell(name, layer, names[name], row * sheet.step)
        for row, layers in enumerate(rows)
        for name, layer in layers.items()
    ]
    firsts = [next(iter(layers.values())) for layers in rows]
    words = [
        {"x": cell.right, "y": cell.top + sheet.above - 2}
        | {"text": f"{'' if cell.top else 'std '}{number(cell.layer.std)}"}
        for cell in cells
        if cell.known
    ]
    heads = [{"x": names[name] + 0.5, "variant": name, "text": "\n".join(lines_of(name))} for name in colours]
    labels = [
        {"y": row * sheet.step + sheet.above + 14, "name": layer.name, "range": range_of(layer)}
        for row, layer in enumerate(firsts)
    ]
    head = _text(heads, baseline="bottom", align="center", dy=-8, fontSize=12, fontWeight=600, lineBreak="\n")
    beside = {"align": "right", "dx": -8, "x": 0}
    layers = [
        *_drawn(cells, sheet, colours),
        _text(words, align="right", baseline="bottom", color=MUTED).encode(x=_x(sheet), y=_y("y", sheet, len(rows))),
        head.encode(x=_x(sheet), y=alt.value(0), color=_colour(colours), opacity=_shown()),
        _text(labels, **beside, color=INK, fontSize=12).encode(y=_y("y", sheet, len(rows)), text="name:N"),
        _text(labels, **beside, dy=14, color=MUTED, fontSize=10).encode(y=_y("y", sheet, len(rows)), text="range:N"),
    ]
    return _sized(layers, sheet.step * len(rows), style)


def one_network(layers: Sequence[Figures], colours: Mapping[str, str], *, style: Style) -> Chart:
    """All layers of one network, line by line."""
    rows = -(-len(layers) // ACROSS)
    sheet = Sheet(max(4, -(-len(layers) // rows)), above=32, bars=58, below=30)
    (name,) = colours
    cells = [Cell(name, layer, at % sheet.columns, at // sheet.columns * sheet.step) for at, layer in enumerate(layers)]
    words = [
        {"x": cell.left, "y": cell.top, "text": cell.layer.name, "std": f"std {number(cell.layer.std)}"}
        for cell in cells
    ]
    ends = [
        {"x": place, "y": cell.top + sheet.above + sheet.bars + 3, "text": f"{end:g}".replace("-", "−"), "side": side}
        for cell in cells
        for side, place, end in (("left", cell.left, cell.layer.low), ("right", cell.right, cell.layer.high))
    ]
    at: dict[str, Any] = {"x": _x(sheet), "y": _y("y", sheet, rows)}
    text = {"align": "left", "baseline": "top"}
    small = {"baseline": "top", "color": MUTED, "fontSize": 10}
    marks = [
        *_drawn(cells, sheet, colours),
        _text(words, **text, color=INK, fontSize=12).encode(**at),
        _text(words, **text, dy=15, color=MUTED).encode(**at, text="std:N"),
        *(
            _text([end for end in ends if end["side"] == side], **small, align=side).encode(**at)
            for side in ("left", "right")
        ),
    ]
    return _sized(marks, sheet.step * rows - 8, style)


def _drawn(cells: Sequence[Cell], sheet: Sheet, colours: Mapping[str, str]) -> list[alt.Chart]:
    """Base lines, bars, and what answers to the pointer."""
    rows = 1 + max(cell.top for cell in cells) // sheet.step
    x, x2 = _x(sheet), "x2:Q"
    frames = values([_frame(cell, sheet) for cell in cells])
    base = alt.Chart(frames).mark_rule(color=FAINT).encode(x=x, x2=x2, y=_y("floor", sheet, rows))
    bars = alt.Chart(values([bar for cell in cells if cell.known for bar in _bars(cell, sheet)])).mark_rect()
    bars = bars.encode(x=x, x2=x2, y=_y("y", sheet, rows), y2="y2:Q", color=_colour(colours), opacity=_shown())
    lost = [
        {"x": cell.column + 0.5, "y": cell.top + sheet.above + sheet.bars / 2, "text": "not finite"}
        for cell in cells
        if not cell.known
    ]
    said = _text(lost, align="center", color=INK, fontWeight=600).encode(x=x, y=_y("y", sheet, rows))
    over = alt.Chart(frames).mark_rect(opacity=0, fill=INK)
    over = over.encode(x=x, x2=x2, y=_y("top", sheet, rows), y2="floor:Q", tooltip=_tips(cells))
    return [base, *([bars] if any(cell.known for cell in cells) else []), *([said] if lost else []), over]


def _frame(cell: Cell, sheet: Sheet) -> dict[str, Any]:
    """The place of a histogram, and all that is known of the layer."""
    layer = cell.layer
    share = share_of(layer)
    return {
        "x": cell.left,
        "x2": cell.right,
        "top": cell.top,
        "floor": cell.top + sheet.above + sheet.bars,
        "init": cell.variant,
        "layer": layer.name,
        "mean": number(layer.mean),
        "std": number(layer.std),
        "share": percent(share),
        "range": range_of(layer),
    }


def _bars(cell: Cell, sheet: Sheet) -> Iterator[dict[str, Any]]:
    """The bars that have a height; the fullest bin's is the highest."""
    most, floor = max(cell.layer.histogram) or 1, cell.top + sheet.above + sheet.bars
    wide = (cell.right - cell.left) / BINS
    for place, share in enumerate(cell.layer.histogram):
        if share:
            left = cell.left + place * wide
            high = max(0.5, sheet.bars * share / most)
            yield {"x": left, "x2": left + 0.94 * wide, "y": floor - high, "y2": floor, "variant": cell.variant}


def _tips(cells: Sequence[Cell]) -> list[alt.Tooltip]:
    fields = ["init", "layer", "mean", "std"]
    titles = {"share": "dead or saturated", "range": "histogram"}
    known = any(cell.layer.dead is not None or cell.layer.saturated is not None for cell in cells)
    return [
        alt.Tooltip(f"{field}:N", title=titles.get(field, field))
        for field in (*fields, *(["share"] if known else []), "range")
    ]


def _text(rows: Sequence[Mapping[str, Any]], **look: Any) -> alt.Chart:
    return alt.Chart(values(rows)).mark_text(**look).encode(text="text:N")


def _x(sheet: Sheet) -> alt.X:
    return alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, sheet.columns], nice=False))


def _y(field: str, sheet: Sheet, rows: int) -> alt.Y:
    """Pixels from the top."""
    return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(domain=[sheet.step * rows, 0], nice=False))


def _colour(colours: Mapping[str, str]) -> alt.Color:
    return alt.Color("variant:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values())))


def _shown() -> Any:
    return alt.condition(PICKED, alt.value(1.0), alt.value(PALE))


def _sized(layers: Sequence[alt.Chart], height: int, style: Style) -> Chart:
    return sized(alt.layer(*layers), style, height).add_params(alt.param(name="picked", value=[]))


def lines_of(init: str) -> list[str]:
    """An initialiser above its column: its name, and below it each of its parameters.

    >>> lines_of("normal: {std: 0.01}")
    ['normal', 'std 0.01']
    """
    name, _, rest = visible(init).partition(": {")
    words = [word.strip(" {}").replace(": ", " ") for word in rest.split(", ")] if rest else []
    return [text if len(text) <= 20 else f"{text[:19]}…" for text in (name, *words)]


def range_of(layer: Figures) -> str:
    """Between which bounds a histogram is drawn."""
    return f"{layer.low:g} to {layer.high:g}".replace("-", "−")


def share_of(layer: Figures) -> float | None:
    """The share of a layer that is dead or saturated, where its kind knows such a thing."""
    share = layer.dead if layer.dead is not None else layer.saturated
    return nan if share is not None and not isfinite(layer.std) else share


def number(value: float | None) -> str:
    """Three digits; nothing where it is not known.

    >>> [number(value) for value in (None, 0.0, 0.23456, 3.123e-7, float("nan"))]
    ['', '0', '0.235', '3.12e-07', 'not finite']
    """
    if value is None:
        return ""
    return f"{value:.3g}" if isfinite(value) else "not finite"


def percent(share: float | None) -> str:
    """A share in percent; nothing where it is not known."""
    if share is None or not isfinite(share):
        return number(share)
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.3g} %"
