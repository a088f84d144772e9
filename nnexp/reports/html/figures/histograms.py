"""Small histograms of what layers give: layers by initialisers, or all layers of one network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import altair as alt

from nnexp.inspection.layer_statistics import HISTOGRAM_BINS, LayerStatistics
from nnexp.reports.html.figures.base import PICKED_EXPRESSION, Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import FAINT_COLOUR, INK_COLOUR, MUTED_COLOUR
from nnexp.wording import shorten_text

PALE_OPACITY = 0.12
"""Opacity of what is not picked."""

EDGE_SHARE = 0.05
"""What is left free on either side of a histogram, as a share of its column."""

MAX_INIT_CHARACTERS = 20
"""Characters of an initialiser's name or parameter above its column."""

MAX_COLUMNS = 6
"""Histograms of one network beside each other."""


@dataclass(frozen=True, slots=True)
class HistogramCell:
    """One histogram: of which initialiser and layer, in which column, and from which pixel down."""

    variant: str
    layer: LayerStatistics
    column: int
    top: int

    @property
    def is_finite(self) -> bool:
        return isfinite(self.layer.std)

    @property
    def left(self) -> float:
        return self.column + EDGE_SHARE

    @property
    def right(self) -> float:
        return self.column + 1 - EDGE_SHARE


@dataclass(frozen=True, slots=True)
class HistogramGrid:
    """Where histograms stand: their number across, and in pixels the text above one, its bars, and the space below."""

    columns: int
    text_pixels: int
    bar_pixels: int
    gap_pixels: int

    @property
    def row_pixels(self) -> int:
        return self.text_pixels + self.bar_pixels + self.gap_pixels


def plot_side_by_side(
    rows: Sequence[Mapping[str, LayerStatistics]], colours: Mapping[str, str], *, style: ChartStyle
) -> Chart:
    """Layers down, initialisers across. rows: of each layer, what each initialiser's network gives there."""
    sheet = HistogramGrid(len(colours), text_pixels=14, bar_pixels=32, gap_pixels=6)
    names = {name: column for column, name in enumerate(colours)}
    cells = [
        HistogramCell(name, layer, names[name], row * sheet.row_pixels)
        for row, layers in enumerate(rows)
        for name, layer in layers.items()
    ]
    firsts = [next(iter(layers.values())) for layers in rows]
    words = [
        {"x": cell.right, "y": cell.top + sheet.text_pixels - 2}
        | {"text": f"{'' if cell.top else 'std '}{format_number(cell.layer.std)}"}
        for cell in cells
        if cell.is_finite
    ]
    heads = [{"x": names[name] + 0.5, "variant": name, "text": "\n".join(split_init_name(name))} for name in colours]
    labels = [
        {"y": row * sheet.row_pixels + sheet.text_pixels + 14, "name": layer.name, "range": format_range(layer)}
        for row, layer in enumerate(firsts)
    ]
    head = _plot_text(heads, baseline="bottom", align="center", dy=-8, fontSize=12, fontWeight=600, lineBreak="\n")
    beside = {"align": "right", "dx": -8, "x": 0}
    layers = [
        *_plot_histograms(cells, sheet, colours),
        _plot_text(words, align="right", baseline="bottom", color=MUTED_COLOUR).encode(
            x=_encode_x(sheet), y=_encode_y("y", sheet, len(rows))
        ),
        head.encode(x=_encode_x(sheet), y=alt.value(0), color=_encode_colour(colours), opacity=_encode_opacity()),
        _plot_text(labels, **beside, color=INK_COLOUR, fontSize=12).encode(
            y=_encode_y("y", sheet, len(rows)), text="name:N"
        ),
        _plot_text(labels, **beside, dy=14, color=MUTED_COLOUR, fontSize=10).encode(
            y=_encode_y("y", sheet, len(rows)), text="range:N"
        ),
    ]
    return _set_size(layers, sheet.row_pixels * len(rows), style)


def plot_network(layers: Sequence[LayerStatistics], colours: Mapping[str, str], *, style: ChartStyle) -> Chart:
    """All layers of one network, line by line."""
    rows = -(-len(layers) // MAX_COLUMNS)
    sheet = HistogramGrid(max(4, -(-len(layers) // rows)), text_pixels=32, bar_pixels=58, gap_pixels=30)
    (name,) = colours
    cells = [
        HistogramCell(name, layer, at % sheet.columns, at // sheet.columns * sheet.row_pixels)
        for at, layer in enumerate(layers)
    ]
    words = [
        {"x": cell.left, "y": cell.top, "text": cell.layer.name, "std": f"std {format_number(cell.layer.std)}"}
        for cell in cells
    ]
    ends = [
        {
            "x": place,
            "y": cell.top + sheet.text_pixels + sheet.bar_pixels + 3,
            "text": f"{end:g}".replace("-", "−"),
            "side": side,
        }
        for cell in cells
        for side, place, end in (("left", cell.left, cell.layer.low), ("right", cell.right, cell.layer.high))
    ]
    at: dict[str, Any] = {"x": _encode_x(sheet), "y": _encode_y("y", sheet, rows)}
    text = {"align": "left", "baseline": "top"}
    small = {"baseline": "top", "color": MUTED_COLOUR, "fontSize": 10}
    marks = [
        *_plot_histograms(cells, sheet, colours),
        _plot_text(words, **text, color=INK_COLOUR, fontSize=12).encode(**at),
        _plot_text(words, **text, dy=15, color=MUTED_COLOUR).encode(**at, text="std:N"),
        *(
            _plot_text([end for end in ends if end["side"] == side], **small, align=side).encode(**at)
            for side in ("left", "right")
        ),
    ]
    return _set_size(marks, sheet.row_pixels * rows - 8, style)


def _plot_histograms(
    cells: Sequence[HistogramCell], sheet: HistogramGrid, colours: Mapping[str, str]
) -> list[alt.Chart]:
    """Base lines, bars, and what answers to the pointer."""
    rows = 1 + max(cell.top for cell in cells) // sheet.row_pixels
    x, x2 = _encode_x(sheet), "x2:Q"
    frames = make_data([_make_frame(cell, sheet) for cell in cells])
    base = alt.Chart(frames).mark_rule(color=FAINT_COLOUR).encode(x=x, x2=x2, y=_encode_y("floor", sheet, rows))
    bars = alt.Chart(
        make_data([bar for cell in cells if cell.is_finite for bar in _make_bars(cell, sheet)])
    ).mark_rect()
    bars = bars.encode(
        x=x, x2=x2, y=_encode_y("y", sheet, rows), y2="y2:Q", color=_encode_colour(colours), opacity=_encode_opacity()
    )
    lost = [
        {"x": cell.column + 0.5, "y": cell.top + sheet.text_pixels + sheet.bar_pixels / 2, "text": "not finite"}
        for cell in cells
        if not cell.is_finite
    ]
    said = _plot_text(lost, align="center", color=INK_COLOUR, fontWeight=600).encode(x=x, y=_encode_y("y", sheet, rows))
    over = alt.Chart(frames).mark_rect(opacity=0, fill=INK_COLOUR)
    over = over.encode(x=x, x2=x2, y=_encode_y("top", sheet, rows), y2="floor:Q", tooltip=_make_tooltips(cells))
    return [base, *([bars] if any(cell.is_finite for cell in cells) else []), *([said] if lost else []), over]


def _make_frame(cell: HistogramCell, sheet: HistogramGrid) -> dict[str, Any]:
    """The place of a histogram, and all that is known of the layer."""
    layer = cell.layer
    share = find_share(layer)
    return {
        "x": cell.left,
        "x2": cell.right,
        "top": cell.top,
        "floor": cell.top + sheet.text_pixels + sheet.bar_pixels,
        "init": cell.variant,
        "layer": layer.name,
        "mean": format_number(layer.mean),
        "std": format_number(layer.std),
        "share": format_percent(share),
        "range": format_range(layer),
    }


def _make_bars(cell: HistogramCell, sheet: HistogramGrid) -> Iterator[dict[str, Any]]:
    """The bars that have a height; the fullest bin's is the highest."""
    most, floor = max(cell.layer.histogram) or 1, cell.top + sheet.text_pixels + sheet.bar_pixels
    wide = (cell.right - cell.left) / HISTOGRAM_BINS
    for place, share in enumerate(cell.layer.histogram):
        if share:
            left = cell.left + place * wide
            high = max(0.5, sheet.bar_pixels * share / most)
            yield {"x": left, "x2": left + 0.94 * wide, "y": floor - high, "y2": floor, "variant": cell.variant}


def _make_tooltips(cells: Sequence[HistogramCell]) -> list[alt.Tooltip]:
    fields = ["init", "layer", "mean", "std"]
    titles = {"share": "dead or saturated", "range": "histogram"}
    known = any(cell.layer.dead is not None or cell.layer.saturated is not None for cell in cells)
    return [
        alt.Tooltip(f"{field}:N", title=titles.get(field, field))
        for field in (*fields, *(["share"] if known else []), "range")
    ]


def _plot_text(rows: Sequence[Mapping[str, Any]], **look: Any) -> alt.Chart:
    return alt.Chart(make_data(rows)).mark_text(**look).encode(text="text:N")


def _encode_x(sheet: HistogramGrid) -> alt.X:
    return alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, sheet.columns], nice=False))


def _encode_y(field: str, sheet: HistogramGrid, rows: int) -> alt.Y:
    """Pixels from the top."""
    return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(domain=[sheet.row_pixels * rows, 0], nice=False))


def _encode_colour(colours: Mapping[str, str]) -> alt.Color:
    return alt.Color("variant:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values())))


def _encode_opacity() -> Any:
    return alt.condition(PICKED_EXPRESSION, alt.value(1.0), alt.value(PALE_OPACITY))


def _set_size(layers: Sequence[alt.Chart], height: int, style: ChartStyle) -> Chart:
    return set_size(alt.layer(*layers), style, height).add_params(alt.param(name="picked", value=[]))


def split_init_name(init: str) -> list[str]:
    """An initialiser above its column: its name, and below it each of its parameters.

    >>> split_init_name("normal: {std: 0.01}")
    ['normal', 'std 0.01']
    """
    name, _, rest = escape_controls(init).partition(": {")
    words = [word.strip(" {}").replace(": ", " ") for word in rest.split(", ")] if rest else []
    return [shorten_text(text, MAX_INIT_CHARACTERS) for text in (name, *words)]


def format_range(layer: LayerStatistics) -> str:
    """Between which bounds a histogram is drawn."""
    return f"{layer.low:g} to {layer.high:g}".replace("-", "−")


def find_share(layer: LayerStatistics) -> float | None:
    """The share of a layer that is dead or saturated, where its kind knows such a thing."""
    share = layer.dead if layer.dead is not None else layer.saturated
    return nan if share is not None and not isfinite(layer.std) else share


def format_number(value: float | None) -> str:
    """Three digits; nothing where it is not known.

    >>> [format_number(value) for value in (None, 0.0, 0.23456, 3.123e-7, float("nan"))]
    ['', '0', '0.235', '3.12e-07', 'not finite']
    """
    if value is None:
        return ""
    return f"{value:.3g}" if isfinite(value) else "not finite"


def format_percent(share: float | None) -> str:
    """A share in percent; nothing where it is not known."""
    if share is None or not isfinite(share):
        return format_number(share)
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.3g} %"
