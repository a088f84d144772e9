"""What each parameter explains, as bars with what chance would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import MAX_VALUE_CHARACTERS, Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR, VARIANT_COLOURS
from nnexp.reports.importance import ImportanceAnalysis

REMAINDER_LABEL = "combinations and chance"

MIN_VISIBLE_SHARE = 0.01
"""A share below which a mark would lie on the axis."""


def plot_shares(found: ImportanceAnalysis, style: ChartStyle) -> Chart:
    """The chart, the parameter that explains most at the top."""
    names = shorten_names([one.parameter for one in found.parameters], MAX_VALUE_CHARACTERS)
    rows: list[dict[str, Any]] = [
        {
            "parameter": one.parameter,
            "name": name,
            "share": one.share,
            "chance": one.chance_share,
            "levels": one.level_count,
        }
        for name, one in zip(names, found.parameters, strict=True)
    ]
    domain = alt.Scale(domain=[0, 1.2], nice=False)  # room for the number beside a whole bar
    ticks = alt.Axis(format="~%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    y = alt.Y(
        "name:N",
        sort=[*names, REMAINDER_LABEL],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelColor=INK_COLOUR),
    )
    x = alt.X("share:Q", title="share of the variance between variants", scale=domain, axis=ticks)
    if found.remaining_share is not None:
        rows.append(
            {
                "parameter": REMAINDER_LABEL,
                "name": REMAINDER_LABEL,
                "share": found.remaining_share,
                "chance": None,
                "levels": None,
            }
        )
    for row, text in zip(rows, round_percents([row["share"] for row in rows]), strict=True):
        row["text"] = text
    base = alt.Chart(make_data(rows)).encode(y=y)
    tips = [
        alt.Tooltip("parameter:N"),
        alt.Tooltip("share:Q", format=".1%"),
        alt.Tooltip("chance:Q", title="without any effect", format=".1%"),
        alt.Tooltip("levels:Q"),
    ]
    colour = alt.condition(
        f"datum.parameter == '{REMAINDER_LABEL}'", alt.value(MUTED_COLOUR), alt.value(VARIANT_COLOURS[0])
    )
    bars = base.mark_bar(height=15, cornerRadiusEnd=2).encode(x=x, color=colour, tooltip=tips)
    text = base.mark_text(align="left", dx=5, color=INK_COLOUR).encode(x=x, text="text:N")
    chance = base.transform_filter(f"datum.chance >= {MIN_VISIBLE_SHARE}").mark_tick(
        size=21, thickness=2, color=VARIANT_COLOURS[1]
    )
    layers = [
        bars,
        text,
        chance.encode(x=alt.X("chance:Q", title="share of the variance between variants", scale=domain)),
    ]
    return set_size(alt.layer(*layers), style, 27 * len(rows))


def round_percents(shares: Sequence[float]) -> list[str]:
    """Shares in whole percent, which add up to 100 where the shares add up to 1: the largest remainders go up.

    >>> round_percents([0.335, 0.335, 0.33]), round_percents([0.126, 0.126])
    (['34%', '33%', '33%'], ['13%', '13%'])
    """
    if abs(sum(shares) - 1) > 1e-6:
        return [f"{share:.0%}" for share in shares]
    whole = [math.floor(100 * share + 1e-9) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda at: whole[at] - 100 * shares[at])
    for at in by_remainder[: 100 - sum(whole)]:
        whole[at] += 1
    return [f"{share}%" for share in whole]
