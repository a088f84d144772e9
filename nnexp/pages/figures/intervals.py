"""The answer as a figure: the mean of each variant with its interval, and the runs that it is the mean of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from nnexp.pages.figures.base import LONGEST, Chart, Style, form, sized, values
from nnexp.pages.figures.names import shortened
from nnexp.pages.html import visible
from nnexp.pages.theme import INK, MUTED
from nnexp.statistics.means import Mean

STEP = 24
"""Height of a row."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One variant: its mean and the values of its runs; `text` says the mean in words."""

    variant: str
    mean: Mean
    single: tuple[float, ...]
    text: str


def intervals(found: Sequence[Estimate], title: str, *, share: bool, colours: Mapping[str, str], style: Style) -> Chart:
    """The chart, a row a variant in the order given."""
    names = shortened([one.variant for one in found], LONGEST)
    rows = [
        {"variant": one.variant, "name": name, "value": one.mean.value, "low": one.mean.low, "high": one.mean.high}
        | {"n": one.mean.n, "text": one.text}
        for name, one in zip(names, found, strict=True)
    ]
    runs = [
        {"variant": one.variant, "name": name, "value": value}
        for name, one in zip(names, found, strict=True)
        for value in one.single
    ]
    keys = [visible(one.variant) for one in found]
    y = alt.Y(
        "name:N", sort=names, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=420, labelColor=INK)
    )
    axis = alt.Axis(format=form(share=share), tickCount=6)
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=False, padding=8), axis=axis)
    colour = alt.Color(
        "variant:N",
        legend=None,
        scale=alt.Scale(domain=keys, range=[colours.get(key, MUTED) for key in keys]),
    )
    number = ".2%" if share else ".4~g"
    single = alt.Chart(values(runs)).mark_point(filled=True, size=26, opacity=0.35, yOffset=5)
    single = single.encode(
        x=x, y=y, color=colour, tooltip=["variant:N", alt.Tooltip("value:Q", format=number, title="run")]
    )
    base = alt.Chart(values(rows)).encode(y=y, color=colour)
    known = alt.Chart(values([row for row in rows if row["low"] is not None])).encode(y=y, color=colour)
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
        layers.append(texts.encode(x=alt.value("width"), text="text:N", color=alt.value(INK)))
    return sized(alt.layer(*layers), style, STEP * len(found))
