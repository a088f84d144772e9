"""What each parameter explains, as bars with what chance would give."""

from __future__ import annotations

import altair as alt

from nnexp.pages.figures.base import Chart, Style, sized, values
from nnexp.pages.importance import Analysis
from nnexp.pages.theme import INK, MUTED, PALETTE

TOGETHER = "combinations and chance"


def shares(found: Analysis, style: Style) -> Chart:
    """The chart, the parameter that explains most at the top."""
    rows = [
        {"parameter": one.parameter, "share": one.share, "chance": one.chance, "levels": one.levels}
        for one in found.parameters
    ]
    names = [one.parameter for one in found.parameters]
    domain = alt.Scale(domain=[0, 1.08])  # room for the number beside a whole bar
    ticks = alt.Axis(format="~%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    y = alt.Y(
        "parameter:N", sort=[*names, TOGETHER], title=None, axis=alt.Axis(domain=False, ticks=False, labelColor=INK)
    )
    x = alt.X("share:Q", title="share of the variance between variants", scale=domain, axis=ticks)
    if found.together is not None:
        rows.append({"parameter": TOGETHER, "share": found.together, "chance": None, "levels": None})
    base = alt.Chart(values(rows)).encode(y=y)
    tips = [
        alt.Tooltip("parameter:N"),
        alt.Tooltip("share:Q", format=".1%"),
        alt.Tooltip("chance:Q", title="without any effect", format=".1%"),
        alt.Tooltip("levels:Q"),
    ]
    colour = alt.condition(f"datum.parameter == '{TOGETHER}'", alt.value(MUTED), alt.value(PALETTE[0]))
    bars = base.mark_bar(height=15, cornerRadiusEnd=2).encode(x=x, color=colour, tooltip=tips)
    text = base.mark_text(align="left", dx=5, color=INK).encode(x=x, text=alt.Text("share:Q", format=".0%"))
    chance = base.transform_filter("datum.chance != null").mark_tick(size=21, thickness=2, color=PALETTE[1])
    layers = [
        bars,
        text,
        chance.encode(x=alt.X("chance:Q", title="share of the variance between variants", scale=domain)),
    ]
    return sized(alt.layer(*layers), style, 27 * len(rows))
