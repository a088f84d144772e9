"""Small histograms of what layers give: layers by initialisers, or all layers of one network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import altair as alt

from nnexp.inspection.layer_statistics import HISTOGRAM_BINS, LayerStatistics
from nnexp.reports.html.figures.base import (
    Chart,
    ChartStyle,
    add_picking,
    encode_picked_opacity,
    encode_variant_colour,
    make_data,
    set_size,
)
from nnexp.reports.html.figures.layer_numbers import (
    find_share,
    format_bound,
    format_layer_number,
    format_layer_share,
    format_range,
    split_init_name,
)
from nnexp.reports.html.figures.scales import make_fixed_scale
from nnexp.reports.html.theme import FAINT_COLOUR, INK_COLOUR, MUTED_COLOUR

PALE_OPACITY = 0.12
"""Opacity of what is not picked."""

EDGE_SHARE = 0.05
"""What is left free on either side of a histogram, as a share of its column."""

BAR_SHARE = 0.94
"""What a bar takes of the width of its bin: neighbours can be told apart."""

MIN_BAR_PIXELS = 0.5
"""Height of the bar of a bin that is not empty, which is to be seen."""

MAX_COLUMNS = 6
"""Histograms of one network beside each other."""

MIN_COLUMNS = 4
"""Columns that a network of few layers leaves empty, rather than having very wide histograms."""


@dataclass(frozen=True, slots=True)
class HistogramCell:
    """One histogram: of which initialiser and layer, in which column, from which pixel down to which."""

    variant: str
    layer: LayerStatistics
    column: int
    top: int
    floor: int

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
    """Where histograms stand: columns and rows, and in pixels the text above one, its bars, and the space below."""

    columns: int
    rows: int
    text_pixels: int
    bar_pixels: int
    gap_pixels: int

    @property
    def row_pixels(self) -> int:
        return self.text_pixels + self.bar_pixels + self.gap_pixels

    @property
    def height(self) -> int:
        return self.row_pixels * self.rows

    def make_cell(self, variant: str, layer: LayerStatistics, row: int, column: int) -> HistogramCell:
        top = row * self.row_pixels
        return HistogramCell(variant, layer, column, top, top + self.text_pixels + self.bar_pixels)

    def encode_x(self) -> alt.X:
        """Columns from the left."""
        return alt.X("x:Q", axis=None, scale=make_fixed_scale(0, self.columns))

    def encode_y(self, field: str) -> alt.Y:
        """Pixels from the top."""
        return alt.Y(f"{field}:Q", axis=None, scale=make_fixed_scale(self.height, 0))


def plot_side_by_side(
    rows: Sequence[Mapping[str, LayerStatistics]], colours: Mapping[str, str], *, style: ChartStyle
) -> Chart:
    """Layers down, initialisers across. rows: of each layer, what each initialiser's network gives there."""
    grid = HistogramGrid(len(colours), len(rows), text_pixels=14, bar_pixels=32, gap_pixels=6)
    columns = dict(zip(colours, range(len(colours)), strict=True))
    cells, labels = [], []
    for row, layers in enumerate(rows):
        cells += [grid.make_cell(name, layer, row, columns[name]) for name, layer in layers.items()]
        first = next(iter(layers.values()))
        below_top = row * grid.row_pixels + grid.text_pixels + 14
        labels.append({"y": below_top, "name": first.name, "range": format_range(first)})
    heads = []
    for name, column in columns.items():
        heads.append({"x": column + 0.5, "variant": name, "text": "\n".join(split_init_name(name))})
    x, y = grid.encode_x(), grid.encode_y("y")
    head = _plot_text(heads, baseline="bottom", align="center", dy=-8, fontSize=12, fontWeight=600, lineBreak="\n")
    std = _plot_text(_list_stds(cells, grid), align="right", baseline="bottom", color=MUTED_COLOUR)
    beside = {"align": "right", "dx": -8, "x": 0}
    layer_names = _plot_text(labels, **beside, color=INK_COLOUR, fontSize=12)
    ranges = _plot_text(labels, **beside, dy=14, color=MUTED_COLOUR, fontSize=10)
    marks = [
        *_plot_histograms(cells, grid, colours),
        std.encode(x=x, y=y),
        head.encode(
            x=x, y=alt.value(0), color=encode_variant_colour(colours), opacity=encode_picked_opacity(PALE_OPACITY)
        ),
        layer_names.encode(y=y, text="name:N"),
        ranges.encode(y=y, text="range:N"),
    ]
    return add_picking(set_size(alt.layer(*marks), style, grid.height))


def _list_stds(cells: Sequence[HistogramCell], grid: HistogramGrid) -> Iterator[dict[str, Any]]:
    """The standard deviation above each histogram; those of the first row say what they are."""
    for cell in cells:
        if cell.is_finite:
            word = "" if cell.top else "std "
            text = f"{word}{format_layer_number(cell.layer.std)}"
            yield {"x": cell.right, "y": cell.top + grid.text_pixels - 2, "text": text}


def plot_network(layers: Sequence[LayerStatistics], colours: Mapping[str, str], *, style: ChartStyle) -> Chart:
    """All layers of one network, line by line."""
    rows = -(-len(layers) // MAX_COLUMNS)
    columns = max(MIN_COLUMNS, -(-len(layers) // rows))  # seven are drawn as four and three, not as six and one
    grid = HistogramGrid(columns, rows, text_pixels=32, bar_pixels=58, gap_pixels=30)
    [name] = colours
    cells = [grid.make_cell(name, layer, *divmod(number, columns)) for number, layer in enumerate(layers)]
    words, lows, highs = [], [], []
    for cell in cells:
        layer, below = cell.layer, cell.floor + 3
        std = f"std {format_layer_number(layer.std)}"
        words.append({"x": cell.left, "y": cell.top, "text": layer.name, "std": std})
        lows.append({"x": cell.left, "y": below, "text": format_bound(layer.low), "side": "left"})
        highs.append({"x": cell.right, "y": below, "text": format_bound(layer.high), "side": "right"})
    above = {"align": "left", "baseline": "top"}
    small = {"baseline": "top", "color": MUTED_COLOUR, "fontSize": 10}
    at: dict[str, Any] = {"x": grid.encode_x(), "y": grid.encode_y("y")}
    marks = [
        *_plot_histograms(cells, grid, colours),
        _plot_text(words, **above, color=INK_COLOUR, fontSize=12).encode(**at),
        _plot_text(words, **above, dy=15, color=MUTED_COLOUR).encode(**at, text="std:N"),
        _plot_text(lows, **small, align="left").encode(**at),
        _plot_text(highs, **small, align="right").encode(**at),
    ]
    return add_picking(set_size(alt.layer(*marks), style, grid.height - 8))


def _plot_histograms(
    cells: Sequence[HistogramCell], grid: HistogramGrid, colours: Mapping[str, str]
) -> list[alt.Chart]:
    """Base lines, bars, and what answers to the pointer."""
    x, x2 = grid.encode_x(), "x2:Q"
    bars: list[dict[str, Any]] = []
    not_finite = []
    for cell in cells:
        if cell.is_finite:
            bars += _make_bars(cell, grid)
        else:
            middle = cell.top + grid.text_pixels + grid.bar_pixels / 2
            not_finite.append({"x": cell.column + 0.5, "y": middle, "text": "not finite"})
    frames = make_data(map(_make_frame, cells))
    marks = [alt.Chart(frames).mark_rule(color=FAINT_COLOUR).encode(x=x, x2=x2, y=grid.encode_y("floor"))]
    if len(not_finite) < len(cells):
        shown = {"color": encode_variant_colour(colours), "opacity": encode_picked_opacity(PALE_OPACITY)}
        drawn = alt.Chart(make_data(bars)).mark_rect()
        marks.append(drawn.encode(x=x, x2=x2, y=grid.encode_y("y"), y2="y2:Q", **shown))
    if not_finite:
        words = _plot_text(not_finite, align="center", color=INK_COLOUR, fontWeight=600)
        marks.append(words.encode(x=x, y=grid.encode_y("y")))
    # Bars are too thin to point at: an invisible box over the whole histogram answers to the pointer.
    over = alt.Chart(frames).mark_rect(opacity=0, fill=INK_COLOUR)
    marks.append(over.encode(x=x, x2=x2, y=grid.encode_y("top"), y2="floor:Q", tooltip=_make_tooltips(cells)))
    return marks


def _make_frame(cell: HistogramCell) -> dict[str, Any]:
    """The place of a histogram, and all that is known of the layer."""
    layer = cell.layer
    return {
        "x": cell.left,
        "x2": cell.right,
        "top": cell.top,
        "floor": cell.floor,
        "init": cell.variant,
        "layer": layer.name,
        "mean": format_layer_number(layer.mean),
        "std": format_layer_number(layer.std),
        "share": format_layer_share(find_share(layer)),
        "range": format_range(layer),
    }


def _make_bars(cell: HistogramCell, grid: HistogramGrid) -> Iterator[dict[str, Any]]:
    """The bars that have a height; the fullest bin's is the highest."""
    most = max(cell.layer.histogram) or 1
    width = (cell.right - cell.left) / HISTOGRAM_BINS
    for place, share in enumerate(cell.layer.histogram):
        if share:
            left = cell.left + place * width
            top = cell.floor - max(MIN_BAR_PIXELS, grid.bar_pixels * share / most)
            yield {"x": left, "x2": left + BAR_SHARE * width, "y": top, "y2": cell.floor, "variant": cell.variant}


def _make_tooltips(cells: Sequence[HistogramCell]) -> list[alt.Tooltip]:
    tips = [alt.Tooltip(f"{field}:N", title=field) for field in ("init", "layer", "mean", "std")]
    if any(find_share(cell.layer) is not None for cell in cells):
        tips.append(alt.Tooltip("share:N", title="dead or saturated"))
    return [*tips, alt.Tooltip("range:N", title="histogram")]


def _plot_text(rows: Iterable[Mapping[str, Any]], **look: Any) -> alt.Chart:
    return alt.Chart(make_data(rows)).mark_text(**look).encode(text="text:N")
