"""Charts as files, without a browser, in the sizes in which papers print them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from nnexp.optional import import_optional
from nnexp.reports.html.chart_texts import resolve_colours
from nnexp.reports.html.theme import BOTH_COLUMNS_PIXELS, COLUMN_PIXELS, PRINT_FONT, make_config

ChartFormat: TypeAlias = Literal["png", "svg", "pdf"]

CHART_FORMATS: tuple[ChartFormat, ...] = get_args(ChartFormat)

PIXELS_PER_INCH = 300
"""Pixels of a PNG for an inch."""

COLUMN_MILLIMETRES = 84.0
"""The column of a paper; letters of 11 pixels are printed with 8 points."""

BOTH_COLUMNS_MILLIMETRES = 174.0

POINTS_PER_MILLIMETRE = 72 / 25.4
"""Points of a millimetre."""

SVG_SIZE_PATTERN = re.compile(r'<svg([^>]*?) width="([0-9.]+)" height="([0-9.]+)" viewBox="[^"]*"')

MAX_COLUMN_RATIO = 1.35
"""A figure that cannot be made narrower, and is so much wider than a column, gets both."""


def draw_chart(chart: Mapping[str, Any], form: ChartFormat) -> bytes:
    """A chart, a Vega-Lite specification, as the content of a file."""
    maker = import_optional("vl_convert", "report", "drawing figures")
    svg, target = _fit_width(chart, maker)
    wide = COLUMN_MILLIMETRES if target == COLUMN_PIXELS else BOTH_COLUMNS_MILLIMETRES
    if form == "svg":
        return _set_svg_size(svg, target, wide, "mm").encode()
    exact = _set_svg_size(svg, target, POINTS_PER_MILLIMETRE * wide, "")
    if form == "png":
        content: bytes = maker.svg_to_png(exact, ppi=PIXELS_PER_INCH)
        return content
    return bytes(maker.svg_to_pdf(exact))


def _fit_width(chart: Mapping[str, Any], maker: Any) -> tuple[str, float]:
    """The chart with all that stands beside it in the width that it is made for, and this width."""
    target = float(chart.get("usermeta", {}).get("width", COLUMN_PIXELS))
    whole = resolve_colours({**chart, "config": make_config(PRINT_FONT) | {"background": "white"}})
    svg = str(maker.vegalite_to_svg(whole))
    width, _ = _read_svg_size(svg)
    if chart.get("width") == target:
        # Axes and names came on top of the width: it is drawn again, narrower by as much, but by two thirds at most.
        svg = str(maker.vegalite_to_svg({**whole, "width": max(target / 3, 2 * target - width)}))
    elif width > MAX_COLUMN_RATIO * target:
        target = float(BOTH_COLUMNS_PIXELS)
    return svg, target


def _read_svg_size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing."""
    found = SVG_SIZE_PATTERN.search(svg)
    assert found, "Vega says how large its drawings are"
    return float(found[2]), float(found[3])


def _set_svg_size(svg: str, target: float, wide: float, unit: str) -> str:
    """A drawing as wide as is asked for, with room beside it where it is smaller."""
    width, height = _read_svg_size(svg)
    room = max(width, target)
    # Viewers with a dark background show through a drawing that has no paper of its own.
    sides = f'width="{wide:.2f}{unit}" height="{wide * height / room:.2f}{unit}" viewBox="0 0 {room:g} {height:g}"'
    paper = f'<rect width="{room:g}" height="{height:g}" fill="white"/>'
    return SVG_SIZE_PATTERN.sub(rf"<svg\1 {sides}", svg, count=1).replace(">", f">{paper}", 1)
