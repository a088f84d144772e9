"""Charts as files, without a browser, in the sizes in which papers print them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from nnexp.extras import needed
from nnexp.pages.figures.base import BOTH, COLUMN
from nnexp.pages.theme import PRINTED, config, printed

Format: TypeAlias = Literal["png", "svg", "pdf"]

FORMATS: tuple[Format, ...] = get_args(Format)

DENSITY = 300
"""Pixels of a PNG for an inch."""

SINGLE, DOUBLE = 84.0, 174.0
"""Millimetres of a column of a paper, and of both; letters of 11 units are printed with 8 points."""

POINT = 72 / 25.4
"""Points of a millimetre."""

SIZE = re.compile(r'<svg([^>]*?) width="([0-9.]+)" height="([0-9.]+)" viewBox="[^"]*"')

MUCH = 1.35
"""A figure that cannot be made narrower, and is so much wider than a column, gets both."""


def drawn(chart: Mapping[str, Any], form: Format) -> bytes:
    """A chart, a Vega-Lite specification, as the content of a file."""
    maker = needed("vl_convert", "report", "drawing figures")
    svg, target = _fitted(chart, maker)
    wide = SINGLE if target == COLUMN.width else DOUBLE
    if form == "svg":
        return _sized(svg, target, wide, "mm").encode()
    exact = _sized(svg, target, POINT * wide, "")
    if form == "png":
        content: bytes = maker.svg_to_png(exact, ppi=DENSITY)
        return content
    return bytes(maker.svg_to_pdf(exact))


def _fitted(chart: Mapping[str, Any], maker: Any) -> tuple[str, float]:
    """The chart with all that stands beside it in the width that it is made for, and this width."""
    target = float(chart.get("usermeta", {}).get("width", COLUMN.width))
    whole = printed({**chart, "config": config(PRINTED) | {"background": "white"}})
    svg = str(maker.vegalite_to_svg(whole))
    width, _ = _size(svg)
    if chart.get("width") == target:
        svg = str(maker.vegalite_to_svg({**whole, "width": max(target / 3, 2 * target - width)}))
    elif width > MUCH * target:
        target = float(BOTH.width)
    return svg, target


def _size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing."""
    found = SIZE.search(svg)
    assert found, "Vega says how large its drawings are"
    return float(found[2]), float(found[3])


def _sized(svg: str, target: float, wide: float, unit: str) -> str:
    """A drawing as wide as is asked for, with room beside it where it is smaller."""
    width, height = _size(svg)
    room = max(width, target)
    sides = f'width="{wide:.2f}{unit}" height="{wide * height / room:.2f}{unit}" viewBox="0 0 {room:g} {height:g}"'
    paper = f'<rect width="{room:g}" height="{height:g}" fill="white"/>'
    return SIZE.sub(rf"<svg\1 {sides}", svg, count=1).replace(">", f">{paper}", 1)
