"""What each parameter explains, as bars with what chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import altair as alt
import numpy as np

from nnexp.reports.html.figures.base import MAX_VALUE_CHARACTERS, Chart, ChartStyle, make_data, set_size
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import make_fixed_scale
from nnexp.reports.html.theme import INK_COLOUR, MUTED_COLOUR, VARIANT_COLOURS
from nnexp.reports.importance import ImportanceAnalysis

REMAINDER_LABEL = "combinations and chance"

SHARE_TITLE = "share of the variance between variants"

MIN_VISIBLE_SHARE = 0.01
"""A share below which a mark would lie on the axis."""

ROW_PIXELS = 27


def plot_shares(found: ImportanceAnalysis, style: ChartStyle) -> Chart:
    """The chart, the parameter that explains most at the top."""
    rows = _make_rows(found)
    scale = make_fixed_scale(0, 1.2)  # room for the number beside a whole bar
    words = alt.Axis(domain=False, ticks=False, labelColor=INK_COLOUR)
    # What no parameter explains stands at the bottom, however large it is.
    order = list(dict.fromkeys([*map(itemgetter("name"), rows), REMAINDER_LABEL]))
    base = alt.Chart(make_data(rows)).encode(y=alt.Y("name:N", sort=order, title=None, axis=words))
    percents = alt.Axis(format="~%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    x = alt.X("share:Q", title=SHARE_TITLE, scale=scale, axis=percents)
    is_remainder = f"datum.parameter == '{REMAINDER_LABEL}'"
    tips = [
        alt.Tooltip("parameter:N"),
        alt.Tooltip("share:Q", format=".1%"),
        alt.Tooltip("chance:Q", title="without any effect", format=".1%"),
        alt.Tooltip("levels:Q"),
    ]
    bars = base.mark_bar(height=15, cornerRadiusEnd=2).encode(
        x=x, color=alt.condition(is_remainder, alt.value(MUTED_COLOUR), alt.value(VARIANT_COLOURS[0])), tooltip=tips
    )
    text = base.mark_text(align="left", dx=5, color=INK_COLOUR).encode(x=x, text="text:N")
    seen = base.transform_filter(f"datum.chance >= {MIN_VISIBLE_SHARE}")
    chance = seen.mark_tick(size=21, thickness=2, color=VARIANT_COLOURS[1])
    layers = [bars, text, chance.encode(x=alt.X("chance:Q", title=SHARE_TITLE, scale=scale))]
    return set_size(alt.layer(*layers), style, ROW_PIXELS * len(rows))


def _make_rows(found: ImportanceAnalysis) -> list[dict[str, Any]]:
    """A row for each parameter, and one for what none of them explains by itself, where that is known."""
    names = shorten_names([one.parameter for one in found.parameters], MAX_VALUE_CHARACTERS)
    rows: list[dict[str, Any]] = []
    for name, one in zip(names, found.parameters, strict=True):
        row = {"parameter": one.parameter, "name": name, "share": one.share}
        rows.append(row | {"chance": one.chance_share, "levels": one.level_count})
    if found.remaining_share is not None:
        row = {"parameter": REMAINDER_LABEL, "name": REMAINDER_LABEL, "share": found.remaining_share}
        rows.append(row | {"chance": None, "levels": None})
    texts = round_percents(list(map(itemgetter("share"), rows)))
    for row, text in zip(rows, texts, strict=True):
        row["text"] = text
    return rows


def round_percents(shares: Sequence[float]) -> list[str]:
    """Shares in whole percent, which add up to 100 where the shares add up to 1: the largest remainders go up.

    >>> round_percents([0.335, 0.335, 0.33]), round_percents([0.126, 0.126])
    (['34%', '33%', '33%'], ['13%', '13%'])
    """
    if abs(sum(shares) - 1) > 1e-6:
        return [f"{share:.0%}" for share in shares]
    # 100 · 0.29 is 28.999999999999996, and is to count as 29.
    percents = 100 * np.asarray(shares)
    whole = np.floor(percents + 1e-9).astype(int)
    by_remainder = np.argsort(whole - percents, kind="stable")
    whole[by_remainder[: 100 - whole.sum()]] += 1
    return [f"{share}%" for share in whole]
