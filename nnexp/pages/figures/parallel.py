"""Three parameters and more: each variant a line across one axis for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from nnexp.pages.figures.base import Chart, Style, form, short, spans, values
from nnexp.pages.figures.parameters import Point, order, said
from nnexp.pages.importance import FEW, is_number
from nnexp.pages.theme import INK, MUTED
from nnexp.reports.columns import text

HEIGHT = 280

RAMP = ("#e8c547", "#7fb685", "#2a788e", "#31446b", "#2b1a4f")
"""From bad to good, from light to dark: told apart without colour as well, and seen on white and on black."""


def parallel(
    found: Sequence[Point], parameters: Sequence[str], title: str, *, share: bool, larger: bool, style: Style
) -> Chart:
    """The chart; the last axis is the metric."""
    columns = [[point.values[place] for point in found] for place in range(len(parameters))]
    means = [point.mean.value for point in found]
    axes = [*(_places(column) for column in columns), _continuous(means, share=share)]
    names = [*parameters, title]
    rows: list[dict[str, Any]] = []
    for number, point in enumerate(found):
        cells = {name: said(value) for name, value in zip(parameters, point.values, strict=True)}
        what = " ".join(f"{name}={value}" for name, value in cells.items())
        for name, (places, _) in zip(names, axes, strict=True):
            rows.append(
                {"line": number, "axis": name, "at": places[number], "value": means[number], "variant": what}
                | {"text": point.text}
            )
    ticks = [
        {"axis": name, "at": at, "label": label}
        for name, (_, marks) in zip(names, axes, strict=True)
        for at, label in marks
    ]
    x = alt.X("axis:N", sort=names, title=None, axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False, labelColor=INK, labelFontSize=12, labelPadding=10), scale=alt.Scale(type="point", padding=0.35))
    y = alt.Y("at:Q", axis=None, scale=alt.Scale(domain=[-0.03, 1.03], nice=False))
    hover = alt.selection_point(name="hover", fields=["line"], on="pointerover", empty=False, clear="pointerout")
    low, high = min(means), max(means)
    ramp = list(RAMP) if larger else list(reversed(RAMP))
    colour = alt.Color("value:Q", scale=alt.Scale(range=ramp, domain=[low, high]), legend=None)
    base = alt.Chart(values(rows)).encode(x=x, y=y, detail="line:N")
    line = base.mark_line(strokeWidth=1.6).encode(color=colour)
    if style.interactive:
        line = line.encode(
            opacity=alt.condition(hover, alt.value(1.0), alt.value(0.65)),
            strokeWidth=alt.condition(hover, alt.value(4), alt.value(1.6)),
            tooltip=[alt.Tooltip("variant:N"), alt.Tooltip("text:N", title=title)],
        ).add_params(hover)
    poles = alt.Chart(values([{"axis": name} for name in names])).mark_rule(color=MUTED)
    marks = alt.Chart(values(ticks))
    label = marks.mark_text(align="left", dx=7, fontSize=11, color=INK).encode(x=x, y=y, text="label:N")
    dash = marks.mark_tick(orient="horizontal", size=8, color=MUTED).encode(x=x, y=y)
    return alt.layer(poles.encode(x=x), line, dash, label).properties(width=style.width, height=HEIGHT)


def _places(column: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where each value stands on its axis, from 0 to 1, and the labels there: levels evenly, many numbers as they are."""
    if len(set(map(repr, column))) > FEW and all(map(is_number, column)):
        return _continuous([float(value) for value in column])
    names = order(column)
    step = 1 / max(1, len(names) - 1)
    at = {name: (number * step if len(names) > 1 else 0.5) for number, name in enumerate(names)}
    return [at[said(value)] for value in column], [(place, name) for name, place in at.items()]


def _continuous(numbers: Sequence[float], *, share: bool = False) -> tuple[list[float], list[tuple[float, str]]]:
    """An axis of numbers, logarithmic where they span much, with five labels."""
    import math

    log = not share and spans(numbers)
    to, back = (math.log, math.exp) if log else (float, float)
    low, high = to(min(numbers)), to(max(numbers))
    span = high - low or 1.0
    places = [(to(number) - low) / span for number in numbers]
    at = [number / 4 for number in range(5)] if high > low else [0.0]
    marks = [back(low + place * span) for place in at]
    named = [f"{100 * mark:.1f} %" if share else text(float(f"{mark:.3g}")) for mark in marks]
    return [short(place) for place in places], list(zip(at, named, strict=True))


USED = form
