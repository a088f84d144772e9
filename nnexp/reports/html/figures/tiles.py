"""Small images side by side, each with a line or two below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR


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


def plot_tiles(found: Sequence[Tile], sheet: TileLayout, style: ChartStyle) -> Chart:
    """The chart, row by row."""
    columns = sheet.columns if style.interactive else max(4, round(0.85 * sheet.columns))
    deep = sheet.side + 5 + 14 * sheet.lines
    rows = [
        {"url": tile.url, "x": at % columns * sheet.place + sheet.place / 2, "y": at // columns * deep}
        | {"first": tile.first_line, "second": tile.second_line, "tip": tile.tooltip}
        for at, tile in enumerate(found)
    ]
    wide = min(columns, len(found)) * sheet.place
    high = -(-len(found) // columns) * deep
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, wide], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[high, 0], nice=False))
    base = alt.Chart(make_data(rows)).encode(x=x, y=y)
    tip = {"tooltip": alt.Tooltip("tip:N", title="image")} if any(tile.tooltip for tile in found) else {}
    image = base.mark_image(width=sheet.side, height=sheet.side, baseline="top").encode(url="url:N", **tip)
    layers = [image]
    for number, (field, colour) in enumerate((("first", INK_COLOUR), ("second", MUTED_COLOUR))[: sheet.lines]):
        below = sheet.side + 11 + 14 * number
        layers.append(
            base.mark_text(dy=below, fontSize=11, color=colour, limit=sheet.place - 4).encode(text=f"{field}:N")
        )
    return alt.layer(*layers).properties(width=wide, height=high)
