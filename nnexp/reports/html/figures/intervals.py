"""The answer as a figure: the mean of each variant with its interval, and the runs that it is the mean of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import (
    MAX_NAME_CHARACTERS,
    Chart,
    ChartStyle,
    encode_variant_colour,
    make_data,
    set_size,
)
from nnexp.reports.html.figures.estimates import VariantEstimate, make_estimate_rows
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import choose_tooltip_format, make_metric_axis
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR

ROW_PIXELS = 24
"""Height of a row."""


def plot_intervals(
    found: Sequence[VariantEstimate], title: str, *, share: bool, colours: Mapping[str, str], style: ChartStyle
) -> Chart:
    """The chart, a row a variant in the order given."""
    variants = [one.variant for one in found]
    names = shorten_names(variants, MAX_NAME_CHARACTERS)
    rows = make_estimate_rows(found, variant=variants, name=names)
    # Those whose curves are not drawn have no colour of their own.
    colour = encode_variant_colour({key: colours.get(key, MUTED_COLOUR) for key in map(escape_controls, variants)})
    words = alt.Axis(domain=False, ticks=False, labelLimit=420, labelColor=INK_COLOUR)
    # Altair would sort them by the alphabet.
    y = alt.Y("name:N", sort=names, title=None, axis=words)
    axis = make_metric_axis(share=share)
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=False, padding=8), axis=axis)

    tip = alt.Tooltip("value:Q", format=choose_tooltip_format(share=share), title="run")
    # A row has its mean and interval a little above the middle, and its runs a little below.
    single = alt.Chart(make_data(rows.runs)).mark_point(filled=True, size=26, opacity=0.35, yOffset=5)
    layers: list[Any] = [single.encode(x=x, y=y, color=colour, tooltip=["variant:N", tip])]
    if rows.intervals:
        rule = alt.Chart(make_data(rows.intervals)).encode(y=y, color=colour).mark_rule(strokeWidth=2.4, yOffset=-3)
        layers.append(rule.encode(x=alt.X("low:Q", title=title, axis=axis), x2="high:Q"))
    base = alt.Chart(make_data(rows.means)).encode(y=y, color=colour)
    tips = [alt.Tooltip("variant:N"), alt.Tooltip("text:N", title=title), alt.Tooltip("n:Q", title="n")]
    layers.append(base.mark_point(filled=True, size=75, opacity=1, yOffset=-3).encode(x=x, tooltip=tips))
    if not style.interactive:
        texts = base.mark_text(align="left", dx=10)
        layers.append(texts.encode(x=alt.value("width"), text="text:N", color=alt.value(INK_COLOUR)))
    return set_size(alt.layer(*layers), style, ROW_PIXELS * len(found))
