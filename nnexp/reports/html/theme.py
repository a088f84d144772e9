"""How figures look: colours by name, which the page's style sheet gives for light and dark, and paper for itself."""

from __future__ import annotations

from typing import Any

VARIANT_COLOURS = tuple(f"var(--c{number})" for number in range(1, 9))
"""Colours of variants, told apart by people with any kind of colour vision; after Okabe & Ito 2008, Color Universal
Design, without its yellow, which is too faint for lines.
"""

INK_COLOUR, MUTED_COLOUR, FAINT_COLOUR, PAPER_COLOUR = "var(--ink)", "var(--muted)", "var(--line)", "var(--paper)"

LIGHT_COLOURS = {
    "--c1": "#0072b2",
    "--c2": "#d55e00",
    "--c3": "#009e73",
    "--c4": "#b8508f",
    "--c5": "#56b4e9",
    "--c6": "#e69f00",
    "--c7": "#7f7f7f",
    "--c8": "#000000",
    "--ink": "#1b1f24",
    "--muted": "#59636e",
    "--line": "#d8dde3",
    "--paper": "#ffffff",
}

DARK_TEXT_COLOUR = LIGHT_COLOURS["--ink"]
"""Of a text on a light shade, which stays light on a dark page."""

DARK_COLOURS = LIGHT_COLOURS | {
    "--c1": "#4ba3e3",
    "--c2": "#f0813a",
    "--c3": "#2fbf93",
    "--c4": "#d98abb",
    "--c5": "#a3d8f7",
    "--c6": "#f0b93a",
    "--c7": "#9a9a9a",
    "--c8": "#ffffff",
    "--ink": "#e6e9ed",
    "--muted": "#9aa5b1",
    "--line": "#343b44",
    "--paper": "#14171b",
}

SHADE_COLOURS = ("#f2f7fb", "#c6dbef", "#85bcdb", "#4292c6", "#1461a8", "#083067")
"""From little to much; a text on the last two is white."""

SCREEN_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

COLUMN_PIXELS = 330
"""The column of a paper, which the file of a figure is as wide as."""

BOTH_COLUMNS_PIXELS = 684
"""Both columns, and what is between them."""

PRINT_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


def make_config(font: str = SCREEN_FONT) -> dict[str, Any]:
    """The settings of Vega-Lite that all figures share."""
    text = {"labelFont": font, "titleFont": font, "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500}
    return {
        "background": "transparent",
        "font": font,
        "view": {"stroke": None},
        "axis": {
            **text,
            "labelColor": MUTED_COLOUR,
            "titleColor": INK_COLOUR,
            "gridColor": FAINT_COLOUR,
            "gridOpacity": 0.7,
            "domainColor": MUTED_COLOUR,
            "tickColor": MUTED_COLOUR,
            "titlePadding": 8,
            "labelLimit": 240,
        },
        "legend": {**text, "labelColor": INK_COLOUR, "titleColor": INK_COLOUR},
        "title": {"font": font, "color": INK_COLOUR, "fontSize": 13, "fontWeight": 600, "anchor": "start", "offset": 10}
        | {"subtitleFont": font, "subtitleColor": MUTED_COLOUR, "subtitleFontSize": 11, "subtitlePadding": 4},
        "text": {"font": font, "fontSize": 11, "color": INK_COLOUR},
        "range": {"category": list(VARIANT_COLOURS)},
    }
