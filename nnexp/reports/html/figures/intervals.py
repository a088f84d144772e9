"""The answer as a figure: the mean of each variant with its interval, and the runs that it is the mean of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from nnexp.reports.html.figures.base import (
    MAX_NAME_CHARACTERS,
    Chart,
    ChartStyle,
    choose_number_format,
    make_data,
    set_size,
)
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR
from nnexp.statistics.means import MeanInterval

ROW_PIXELS = 24
"""Height of a row."""


@dataclass(frozen=True, slots=True)
class VariantEstimate:
    """One variant: its mean and the values of its runs; `text` says the mean in words."""

    variant: str
    mean: MeanInterval
    run_values: tuple[float, ...]
    text: str


def plot_intervals(
    found: Sequence[VariantEstimate], title: str, *, share: bool, colours: Mapping[str, str], style: ChartStyle
) -> Chart:
    """The chart, a row a variant in the order given."""
    names = shorten_names([one.variant for one in found], MAX_NAME_CHARACTERS)
    rows = [
        {"variant": one.variant, "name": name, "value": one.mean.value, "low": one.mean.low, "high": one.mean.high}
        | {"n": one.mean.n, "text": one.text}
        for name, one in zip(names, found, strict=True)
    ]
    runs = [
        {"variant": one.variant, "name": name, "value": value}
        for name, one in zip(names, found, strict=True)
        for value in one.run_values
    ]
    keys = [escape_controls(one.variant) for one in found]
    y = alt.Y(
        "name:N",
        sort=names,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=420, labelColor=INK_COLOUR),
    )
    axis = alt.Axis(format=choose_number_format(share=share), tickCount=6)
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=False, padding=8), axis=axis)
    colour = alt.Color(
        "variant:N",
        legend=None,
        scale=alt.Scale(domain=keys, range=[colours.get(key, MUTED_COLOUR) for key in keys]),
    )
    number = ".2%" if share else ".4~g"
    single = alt.Chart(make_data(runs)).mark_point(filled=True, size=26, opacity=0.35, yOffset=5)
    single = single.encode(
        x=x, y=y, color=colour, tooltip=["variant:N", alt.Tooltip("value:Q", format=number, title="run")]
    )
    base = alt.Chart(make_data(rows)).encode(y=y, color=colour)
    known = alt.Chart(make_data([row for row in rows if row["low"] is not None])).encode(y=y, color=colour)
    rule = known.mark_rule(strokeWidth=2.4, yOffset=-3).encode(x=alt.X("low:Q", title=title, axis=axis), x2="high:Q")
    tips = [
        alt.Tooltip("variant:N"),
        alt.Tooltip("text:N", title=title),
        alt.Tooltip("n:Q", title="n"),
    ]
    mean = base.mark_point(filled=True, size=75, opacity=1, yOffset=-3).encode(x=x, tooltip=tips)
    layers = [single, *([rule] if any(one.mean.low is not None for one in found) else []), mean]
    if not style.interactive:
        texts = base.mark_text(align="left", dx=10)
        layers.append(texts.encode(x=alt.value("width"), text="text:N", color=alt.value(INK_COLOUR)))
    return set_size(alt.layer(*layers), style, ROW_PIXELS * len(found))
