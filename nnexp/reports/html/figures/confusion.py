"""What was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.theme import DARK_TEXT_COLOUR, SHADE_COLOURS
from nnexp.typing import AnyArray

MISTAKE_COLOURS = ("#fdf3ec", "#fbc79f", "#ee8a45", "#c4500a", "#7f2f04")
"""From few mistakes to many."""

MAX_CLASS_CHARACTERS = 16
"""Characters of a class's name on an axis."""

MAX_TEXT_CLASSES = 20
"""Classes up to which counts stand in the cells."""

CHARACTER_PIXELS = 7
"""About the width of a letter beside an axis."""

MIN_MISTAKE_SCALE = 0.1
"""The share of a class that has the darkest orange, at least: few mistakes are not to look like many."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionCounts:
    """counts (K, K): how many examples of each class (rows) were taken for each (columns)."""

    classes: Sequence[str]
    counts: AnyArray


def plot_confusion(found: ConfusionCounts, style: ChartStyle) -> Chart:
    """The chart: what is right in blue by its share of the class, what is wrong in orange on a scale of its own."""
    names = shorten_names(found.classes, MAX_CLASS_CHARACTERS)
    rows = _make_cells(found.counts, names)
    wrong_shares = [row["share"] for row in rows if row["right"] != row["predicted"]]
    most_wrong = max([MIN_MISTAKE_SCALE, *wrong_shares])
    side = max(12, min(44, 320 // len(names)))
    base = alt.Chart(make_data(rows)).encode(
        x=_encode_predicted(names, side),
        y=_encode_true(names),
        tooltip=[
            alt.Tooltip("right:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted"),
            alt.Tooltip("count:Q", title="examples", format=","),
            alt.Tooltip("share:Q", title="of the class", format=".1%"),
        ],
    )
    layers: list[Any] = [
        _shade_cells(base.transform_filter("datum.right == datum.predicted"), 1, SHADE_COLOURS),
        _shade_cells(base.transform_filter("datum.right != datum.predicted"), most_wrong, MISTAKE_COLOURS),
    ]
    if len(names) <= MAX_TEXT_CLASSES:
        dark = f"datum.right == datum.predicted ? datum.share > 0.55 : datum.share > {0.6 * most_wrong:.4f}"
        ink = alt.condition(dark, alt.value("white"), alt.value(DARK_TEXT_COLOUR))
        layers.append(base.mark_text(fontSize=11).encode(text=alt.Text("count:Q", format=","), color=ink))
    chart = alt.layer(*layers).resolve_scale(color="independent")
    return chart.properties(width=side * len(names), height=side * len(names))


def _make_cells(counts: AnyArray, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each cell that is not empty."""
    totals = counts.sum(axis=-1)
    rows = []
    for i, j in zip(*np.nonzero(counts), strict=True):
        count = counts[i, j]
        row = {"right": names[i], "predicted": names[j], "count": int(count), "share": float(count / totals[i])}
        rows.append(row)
    return rows


def _encode_predicted(names: Sequence[str], side: int) -> alt.X:
    """The classes across, upright where the longest name is no wider than a cell."""
    angle = 0 if max(map(len, names)) * CHARACTER_PIXELS <= side else -90
    axis = alt.Axis(labelAngle=angle, ticks=False, domain=False, labelOverlap=True)
    return alt.X("predicted:N", sort=names, title="predicted class", axis=axis, scale=alt.Scale(domain=names))


def _encode_true(names: Sequence[str]) -> alt.Y:
    axis = alt.Axis(ticks=False, domain=False, labelOverlap=True)
    return alt.Y("right:N", sort=names, title="true class", axis=axis, scale=alt.Scale(domain=names))


def _shade_cells(chart: alt.Chart, largest: float, colours: Sequence[str]) -> alt.Chart:
    """Cells in the shades of a scale of their own, from no share to the largest."""
    scale = alt.Scale(domain=[0, largest], range=list(colours))
    return chart.mark_rect(stroke="white", strokeWidth=1).encode(color=alt.Color("share:Q", scale=scale, legend=None))
