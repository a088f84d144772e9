"""Charts as files, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from nnexp.extras import needed
from nnexp.pages.theme import PRINTED, config, printed

Format: TypeAlias = Literal["png", "svg", "pdf"]

FORMATS: tuple[Format, ...] = get_args(Format)

DENSITY = 3
"""Pixels of a PNG for one of the chart."""


def drawn(chart: Mapping[str, Any], form: Format) -> bytes:
    """A chart, a Vega-Lite specification, as the content of a file."""
    maker = needed("vl_convert", "report", "drawing figures")
    whole = printed({**chart, "config": config(PRINTED) | {"background": "white"}})
    if form == "png":
        content: bytes = maker.vegalite_to_png(whole, scale=DENSITY)
        return content
    if form == "pdf":
        return bytes(maker.vegalite_to_pdf(whole))
    return str(maker.vegalite_to_svg(whole)).encode()
