"""Predicted values beside the true ones."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data
from nnexp.reports.html.figures.scales import make_fixed_scale
from nnexp.reports.html.theme import MUTED_COLOUR, VARIANT_COLOURS


def plot_agreement(true: Sequence[float], predicted: Sequence[float], unit: str, style: ChartStyle) -> Chart:
    """The chart; on the line a prediction is right."""
    low, high = min(*true, *predicted), max(*true, *predicted)
    # An axis needs some length where all values are the same.
    edge = 0.04 * (high - low) or 1.0
    low, high = low - edge, high + edge
    # Both axes are the same, so that the line of right predictions is the diagonal.
    scale = make_fixed_scale(low, high)
    x = alt.X("true:Q", title=f"true {unit}", scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("predicted:Q", title=f"predicted {unit}", scale=scale, axis=alt.Axis(tickCount=5))
    ends = [{"true": low, "predicted": low}, {"true": high, "predicted": high}]
    line = alt.Chart(make_data(ends)).mark_line(color=MUTED_COLOUR, strokeDash=[4, 3]).encode(x=x, y=y)
    rows = [{"true": t, "predicted": p} for t, p in zip(true, predicted, strict=True)]
    tips = [alt.Tooltip("true:Q", format=".4~g"), alt.Tooltip("predicted:Q", format=".4~g")]
    points = alt.Chart(make_data(rows)).mark_point(filled=True, size=32, opacity=0.6, color=VARIANT_COLOURS[0])
    return alt.layer(line, points.encode(x=x, y=y, tooltip=tips)).properties(width=300, height=300)
