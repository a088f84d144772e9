"""Small images side by side, each with a line or two below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data
from nnexp.reports.html.figures.scales import make_fixed_scale
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR

LINE_PIXELS = 14
"""From one line below an image to the next."""


@dataclass(frozen=True, slots=True)
class Tile:
    """An image, as a data URL, and what stands below it."""

    url: str
    first_line: str = ""
    second_line: str = ""
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class TileLayout:
    """How tiles are laid out: the side of an image, the width of its place, lines of text below it, columns."""

    side: int
    place: int
    lines: int
    columns: int


MISTAKE_LAYOUT = TileLayout(side=56, place=80, lines=2, columns=6)
FILTER_LAYOUT = TileLayout(side=34, place=39, lines=0, columns=12)


def plot_tiles(found: Sequence[Tile], layout: TileLayout, style: ChartStyle) -> Chart:
    """The chart, row by row."""
    columns = layout.columns
    if not style.interactive:
        columns = max(4, round(0.85 * columns))  # the column of a paper is narrower than that of the page
    pitch = layout.side + 5 + LINE_PIXELS * layout.lines
    rows = []
    for number, tile in enumerate(found):
        down, across = divmod(number, columns)
        place = {"url": tile.url, "x": across * layout.place + layout.place / 2, "y": down * pitch}
        rows.append(place | {"first": tile.first_line, "second": tile.second_line, "tip": tile.tooltip})
    width = min(columns, len(found)) * layout.place
    height = -(-len(found) // columns) * pitch
    base = alt.Chart(make_data(rows)).encode(
        x=alt.X("x:Q", axis=None, scale=make_fixed_scale(0, width)),
        y=alt.Y("y:Q", axis=None, scale=make_fixed_scale(height, 0)),
    )
    images = base.mark_image(width=layout.side, height=layout.side, baseline="top").encode(url="url:N")
    if any(tile.tooltip for tile in found):
        images = images.encode(tooltip=alt.Tooltip("tip:N", title="image"))
    layers: list[Any] = [images]
    for number, (field, colour) in enumerate((("first", INK_COLOUR), ("second", MUTED_COLOUR))[: layout.lines]):
        below = layout.side + 11 + LINE_PIXELS * number
        text = base.mark_text(dy=below, fontSize=11, color=colour, limit=layout.place - 4)
        layers.append(text.encode(text=f"{field}:N"))
    return alt.layer(*layers).properties(width=width, height=height)
