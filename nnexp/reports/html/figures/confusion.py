"""What was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.reports.html.figures.base import Chart, ChartStyle, make_data
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import SHADE_COLOURS
from nnexp.typing import AnyArray
from nnexp.wording import shorten_text

MISTAKE_COLOURS = ("#fdf3ec", "#fbc79f", "#ee8a45", "#c4500a", "#7f2f04")
"""From few mistakes to many."""

MAX_CLASS_CHARACTERS = 16
"""Characters of a class's name on an axis."""

MAX_TEXT_CLASSES = 20
"""Classes up to which counts stand in the cells."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionCounts:
    """counts (K, K): how many examples of each class (rows) were taken for each (columns)."""

    classes: Sequence[str]
    counts: AnyArray


def plot_confusion(found: ConfusionCounts, style: ChartStyle) -> Chart:
    """The chart: what is right in blue by its share of the class, what is wrong in orange on a scale of its own."""
    names = [escape_controls(shorten_text(name, MAX_CLASS_CHARACTERS)) for name in found.classes]
    names = names if len(set(names)) == len(names) else [f"{i} {name}" for i, name in enumerate(names)]
    totals = found.counts.sum(axis=-1)
    rows: list[dict[str, Any]] = [
        {"right": names[i], "predicted": names[j], "count": int(count), "share": float(count / totals[i])}
        for i, row in enumerate(found.counts)
        for j, count in enumerate(row)
        if count
    ]
    k = len(names)
    worst = max((row["share"] for row in rows if row["right"] != row["predicted"]), default=0.0)
    side = max(12, min(44, 320 // k))
    few = alt.Axis(
        labelAngle=0 if max(map(len, names)) * 7 <= side else -90, ticks=False, domain=False, labelOverlap=True
    )
    base = alt.Chart(make_data(rows)).encode(
        x=alt.X("predicted:N", sort=names, title="predicted class", axis=few, scale=alt.Scale(domain=names)),
        y=alt.Y(
            "right:N",
            sort=names,
            title="true class",
            axis=alt.Axis(ticks=False, domain=False, labelOverlap=True),
            scale=alt.Scale(domain=names),
        ),
        tooltip=[
            alt.Tooltip("right:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted"),
            alt.Tooltip("count:Q", title="examples", format=","),
            alt.Tooltip("share:Q", title="of the class", format=".1%"),
        ],
    )
    cell: dict[str, Any] = {"stroke": "white", "strokeWidth": 1}
    good = base.transform_filter("datum.right == datum.predicted").mark_rect(**cell)
    good = good.encode(
        color=alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=list(SHADE_COLOURS)), legend=None)
    )
    bad = base.transform_filter("datum.right != datum.predicted").mark_rect(**cell)
    scale = alt.Scale(domain=[0, max(0.1, worst)], range=list(MISTAKE_COLOURS))
    bad = bad.encode(color=alt.Color("share:Q", scale=scale, legend=None))
    layers = [good, bad]
    if k <= MAX_TEXT_CLASSES:
        dark = f"datum.right == datum.predicted ? datum.share > 0.55 : datum.share > {0.6 * max(0.1, worst):.4f}"
        texts = base.mark_text(fontSize=11).encode(
            text=alt.Text("count:Q", format=","), color=alt.condition(dark, alt.value("white"), alt.value("#1b1f24"))
        )
        layers.append(texts)
    sides = {"width": side * k, "height": side * k}
    return alt.layer(*layers).resolve_scale(color="independent").properties(**sides)
