"""Curves over epochs: the mean over seeds with its band, train dashed and dev solid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.pages.curves import Curve
from nnexp.pages.figures.base import PICKED, Chart, Style, form, named, spans, values
from nnexp.pages.theme import PALETTE

HEIGHT = 260

LABELLED = 4
"""Variants up to which lines on the page have their names beside them; on paper all have."""

LETTERS = 26
"""Characters of such a name."""

APART = 13 / HEIGHT
"""Of two names beside lines, as a share of the height."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: of which variant, on which part of the data."""

    variant: str
    part: str
    curve: Curve


@dataclass(frozen=True, slots=True)
class Axis:
    """The vertical axis: its title, whether it is a share, and the colours of the variants in their order."""

    title: str
    share: bool
    colours: Mapping[str, str]


def lines(found: Sequence[Line], axis: Axis, style: Style) -> Chart:
    """The chart; a line that has one epoch is a point."""
    rows = [row for line in found for row in _rows(line)]
    scale = _scale(rows)
    colour = alt.Color(
        "variant:N", legend=None, scale=alt.Scale(domain=list(axis.colours), range=list(axis.colours.values()))
    )
    shown = alt.condition(PICKED, alt.value(1.0), alt.value(0.08))
    base = alt.Chart(values(rows)).encode(
        x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickMinStep=1, format="d")),
        color=colour,
        detail="part:N",
    )
    y = alt.Y("value:Q", title=axis.title, scale=scale, axis=alt.Axis(format=form(share=axis.share), tickCount=6))
    band = base.transform_filter("datum.low != null").mark_area(opacity=0.16, clip=True)
    band = band.encode(
        y=alt.Y("low:Q", scale=scale, title=axis.title),
        y2="high:Q",
        fill=colour,
        opacity=alt.condition(PICKED, alt.value(0.16), alt.value(0.01)),
    )
    dash = alt.StrokeDash("part:N", legend=None, scale=alt.Scale(domain=["dev", "train"], range=[[1, 0], [5, 3]]))
    line = base.mark_line(strokeWidth=1.8, clip=True).encode(y=y, strokeDash=dash, opacity=shown)
    points = base.mark_point(filled=True, size=70, opacity=0, clip=True).encode(y=y, tooltip=_tooltip(axis, rows))
    layers = [band, line, *([points] if style.interactive else []), *_alone(base, rows, y), *_labels(base, found, axis, style)]
    chart = alt.layer(*layers).properties(width=style.width, height=HEIGHT)
    return chart.add_params(alt.param(name="picked", value=[]))


def _rows(line: Line) -> list[dict[str, Any]]:
    return [
        {
            "variant": line.variant,
            "part": line.part,
            "epoch": epoch,
            "value": mean.value,
            "low": mean.low,
            "high": mean.high,
            "n": mean.n,
        }
        for epoch, mean in zip(line.curve.epochs, line.curve.means, strict=True)
        if math.isfinite(mean.value)
    ]


def _scale(rows: Sequence[Mapping[str, Any]]) -> alt.Scale:
    """An axis that holds all means; bands may be cut off."""
    found = [row["value"] for row in rows]
    if spans(found):
        return alt.Scale(type="log", domain=[min(found) / 1.1, max(found) * 1.1], nice=False)
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    edge = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    return alt.Scale(domain=[low - edge, high + edge], zero=False, nice=False)


def _alone(base: alt.Chart, rows: Sequence[Mapping[str, Any]], y: alt.Y) -> list[alt.Chart]:
    """Points where there is but one epoch, which no line shows."""
    if len({row["epoch"] for row in rows}) > 1:
        return []
    return [base.mark_point(filled=True, size=50).encode(y=y)]


def _tooltip(axis: Axis, rows: Sequence[Mapping[str, Any]]) -> list[alt.Tooltip]:
    number = ".2%" if axis.share else ".4~g"
    fields = [alt.Tooltip("variant:N"), alt.Tooltip("part:N"), alt.Tooltip("epoch:Q", format="d")]
    fields.append(alt.Tooltip("value:Q", title=axis.title, format=number))
    if any(row["low"] is not None for row in rows):
        fields += [
            alt.Tooltip("low:Q", title="95 % from", format=number),
            alt.Tooltip("high:Q", title="95 % to", format=number),
        ]
    return [*fields, alt.Tooltip("n:Q", title="runs")]


def _labels(base: alt.Chart, found: Sequence[Line], axis: Axis, style: Style) -> list[alt.Chart]:
    """The names of the variants at the ends of their lines."""
    last = {}
    for line in found:
        rows = _rows(line)
        if rows and (line.variant not in last or line.part == "dev"):
            last[line.variant] = rows[-1]
    if (style.interactive and len(axis.colours) > LABELLED) or len(axis.colours) < 2:
        return []
    scale = _scale([row for line in found for row in _rows(line)]).to_dict()
    low, high = scale["domain"]
    log = scale.get("type") == "log"
    to, back = (math.log, math.exp) if log else (float, float)
    at = [(to(row["value"]) - to(low)) / (to(high) - to(low)) for row in last.values()]
    rows = [
        {**row, "at": back(to(low) + place * (to(high) - to(low))), "label": cut(row["variant"])}
        for row, place in zip(last.values(), spread(at, APART), strict=True)
    ]
    end = max(row["epoch"] for line in found for row in _rows(line))
    label = alt.Chart(values([{**row, "epoch": end} for row in rows])).mark_text(align="left", dx=6, baseline="middle")
    return [
        label.encode(
            x="epoch:Q",
            y=alt.Y("at:Q", scale=_scale([row for line in found for row in _rows(line)]), title=axis.title),
            text="label:N",
            color=alt.Color("variant:N", legend=None, scale=_colours(axis)),
            opacity=alt.condition(PICKED, alt.value(1.0), alt.value(0.08)),
        )
    ]


def _colours(axis: Axis) -> alt.Scale:
    return alt.Scale(domain=list(axis.colours), range=list(axis.colours.values()))


def cut(label: str) -> str:
    """A name that finds room beside a line."""
    label = named(label)
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"


def spread(places: Sequence[float], apart: float) -> list[float]:
    """Places moved as little as it takes to be `apart`, in their order, within 0..1 as far as there is room.

    >>> [round(place, 2) for place in spread([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[tuple[list[int], float]] = []
    for i in order:
        groups.append(([i], places[i]))
        while len(groups) > 1 and _top(groups[-2], apart) + apart > _bottom(groups[-1], apart) + 1e-12:
            (second, at), (first, before) = groups.pop(), groups.pop()
            both = first + second
            groups.append((both, (before * len(first) + at * len(second)) / len(both)))
    found = [0.0] * len(places)
    for members, centre in groups:
        half = (len(members) - 1) / 2 * apart
        middle = max(half, min(1 - half, centre)) if half < 0.5 else 0.5
        for number, i in enumerate(members):
            found[i] = middle - half + number * apart
    return found


def _top(group: tuple[list[int], float], apart: float) -> float:
    return group[1] + (len(group[0]) - 1) / 2 * apart


def _bottom(group: tuple[list[int], float], apart: float) -> float:
    return group[1] - (len(group[0]) - 1) / 2 * apart


def colours(variants: Sequence[str]) -> dict[str, str]:
    """The colour of each variant that is drawn."""
    return dict(zip(map(named, variants), PALETTE, strict=False))
