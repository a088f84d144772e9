"""Two parameters of a sweep as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.figures.dot_plot import format_level, make_word_axis, shorten_levels
from nnexp.reports.html.figures.estimates import VariantEstimate, list_levels
from nnexp.reports.html.figures.scales import choose_number_format
from nnexp.reports.html.theme import DARK_TEXT_COLOUR, SHADE_COLOURS
from nnexp.wording import format_percent

MAX_WRITTEN_COLUMNS = 10
"""Columns of a heat map up to which its cells have room for their numbers."""

DARK_SHARE = 0.55
"""From which part of the way to the darkest shade a text on it is white."""


def plot_heat_map(
    found: Sequence[VariantEstimate],
    parameters: Sequence[str],
    title: str,
    *,
    share: bool,
    larger: bool,
    style: ChartStyle,
) -> Chart:
    """The metric by the values of two parameters, the better the darker."""
    down, across = map(shorten_levels, list_levels(found))
    rows = []
    for one in found:
        down_level, across_level = map(format_level, one.levels)
        place = {"across": across[across_level], "down": down[down_level]}
        rows.append(place | {"value": one.mean.value, "text": one.text, "n": one.mean.n})
    extent = _add_cell_texts(rows, share=share, larger=larger)
    shades = list(SHADE_COLOURS)
    if not larger:
        shades.reverse()
    base = alt.Chart(make_data(rows)).encode(
        x=alt.X("across:N", sort=list(across.values()), title=parameters[1], axis=make_word_axis(across, lines=False)),
        y=alt.Y("down:N", sort=list(down.values()), title=parameters[0], axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("down:N", title=parameters[0]),
            alt.Tooltip("across:N", title=parameters[1]),
            alt.Tooltip("text:N", title=title),
            alt.Tooltip("n:Q", title="n"),
        ],
    )
    scale = alt.Scale(range=shades, domain=extent)
    colour = alt.Color("value:Q", scale=scale, legend=_make_shade_legend(title, share=share))
    layers: list[Any] = [base.mark_rect(stroke="white", strokeWidth=1.5).encode(color=colour)]
    if len(across) <= MAX_WRITTEN_COLUMNS:
        ink = alt.condition("datum.dark", alt.value("white"), alt.value(DARK_TEXT_COLOUR))
        layers.append(base.mark_text(fontSize=12).encode(text="short:N", color=ink))
    return set_size(alt.layer(*layers), style, len(down) * max(24, min(44, 320 // len(down))))


def _add_cell_texts(rows: Sequence[dict[str, Any]], *, share: bool, larger: bool) -> list[float]:
    """Add to the rows what stands in the cells, and whether it is white; gives the least and the largest mean."""
    means = list(map(itemgetter("value"), rows))
    low, high = min(means), max(means)
    for row in rows:
        # Means that are all the same are all equally light.
        depth = (row["value"] - low) / (high - low) if high > low else 0.0
        if not larger:
            depth = 1 - depth
        row["dark"] = depth > DARK_SHARE
        row["short"] = format_percent(row["value"], decimals=1) if share else f"{row['value']:.3g}"
    return [low, high]


def _make_shade_legend(title: str, *, share: bool) -> alt.Legend:
    return alt.Legend(
        title=title,
        format=choose_number_format(share=share),
        orient="right",
        gradientLength=120,
        gradientThickness=12,
        tickCount=4,
    )
