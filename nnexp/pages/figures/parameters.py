"""One parameter as a dot plot, two as a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from nnexp.pages.figures.base import WORD, Chart, Style, form, sized, spans, values
from nnexp.pages.figures.names import shortened
from nnexp.pages.importance import FEW, is_number
from nnexp.pages.theme import MUTED, PALETTE, SHADES
from nnexp.reports.columns import text
from nnexp.statistics.means import Mean

HEIGHT = 260

ACROSS = 40
"""Letters that find room beside each other below a narrow figure."""


@dataclass(frozen=True, slots=True)
class Point:
    """A variant by its values of the parameters that vary; `text` says the mean in words."""

    values: tuple[Any, ...]
    mean: Mean
    single: tuple[float, ...]
    text: str


def order(column: Sequence[Any]) -> list[str]:
    """The different values as texts, numbers before words, from small to large."""
    numbers = sorted({value for value in column if is_number(value)})
    words = dict.fromkeys(value for value in column if not is_number(value))
    return list(dict.fromkeys([*map(said, numbers), *map(said, words)]))


def said(value: Any) -> str:
    """A value as an axis has it."""
    return text(value) or "none"


def named(column: Sequence[Any]) -> dict[str, str]:
    """The different values in their order, each with what an axis has room for."""
    names = order(column)
    return dict(zip(names, shortened(names, WORD), strict=True))


def _across(names: Mapping[str, str], *, lines: bool) -> alt.Axis:
    """An axis of words, which are written at an angle where there is no room for them beside each other."""
    level = sum(map(len, names.values())) <= ACROSS
    return alt.Axis(labelAngle=0 if level else -30, labelOverlap=False, domain=lines, ticks=lines, grid=False)


def dots(found: Sequence[Point], parameter: str, title: str, *, share: bool, style: Style) -> Chart:
    """The metric by the values of one parameter: means with intervals, and the runs as pale dots."""
    column = [point.values[0] for point in found]
    names = named(column)
    numeric = all(map(is_number, column)) and len(set(column)) > 2 and not _from_zero(column)
    if numeric:
        log = spans([float(value) for value in column])
        scale = alt.Scale(type="log", padding=24) if log else alt.Scale(zero=False, padding=24)
        ticks = sorted(set(column)) if len(set(column)) <= 8 else alt.Undefined
        axis = alt.Axis(format="~g", grid=False, values=ticks)
        x: Any = alt.X("at:Q", title=parameter, scale=scale, axis=axis)
    else:
        x = alt.X("at:N", title=parameter, sort=list(names.values()), axis=_across(names, lines=True))
    rows = [
        {"at": value if numeric else names[said(value)], "value": point.mean.value, "low": point.mean.low}
        | {"high": point.mean.high, "n": point.mean.n, "text": point.text}
        for value, point in zip(column, found, strict=True)
    ]
    runs = [
        {"at": value if numeric else names[said(value)], "value": one}
        for value, point in zip(column, found, strict=True)
        for one in point.single
    ]
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=form(share=share), tickCount=6))
    single = alt.Chart(values(runs)).mark_point(filled=True, size=26, opacity=0.3, color=MUTED, xOffset=7)
    base = alt.Chart(values(rows)).encode(x=x)
    known = alt.Chart(values([row for row in rows if row["low"] is not None])).encode(x=x)
    rule = known.mark_rule(strokeWidth=2.2, color=PALETTE[0]).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    tips = [alt.Tooltip("at:N", title=parameter), alt.Tooltip("text:N", title=title), alt.Tooltip("n:Q", title="n")]
    mean = base.mark_point(filled=True, size=75, opacity=1, color=PALETTE[0]).encode(y=y, tooltip=tips)
    intervals = [rule] if any(point.mean.low is not None for point in found) else []
    layers = [single.encode(x=x, y=y), *intervals, mean]
    return sized(alt.layer(*layers), style, HEIGHT)


def _from_zero(column: Sequence[Any]) -> bool:
    """Whether a few numbers begin with 0 and span much, so that neither kind of axis shows them well."""
    positive = [float(value) for value in set(column) if value > 0]
    return min(column) == 0 and len(set(column)) <= FEW and spans(positive, 4)


def heat(
    found: Sequence[Point], parameters: Sequence[str], title: str, *, share: bool, larger: bool, style: Style
) -> Chart:
    """The metric by the values of two parameters, the better the darker."""
    down, across = (named([point.values[place] for point in found]) for place in (0, 1))
    means = [point.mean.value for point in found]
    low, high = min(means), max(means)
    rows = [
        {"across": across[said(point.values[1])], "down": down[said(point.values[0])], "value": point.mean.value}
        | {"text": point.text, "n": point.mean.n, "dark": _dark(point.mean.value, low, high, larger=larger)}
        | {"short": f"{100 * point.mean.value:.1f} %" if share else f"{point.mean.value:.3g}"}
        for point in found
    ]
    shades = list(SHADES) if larger else list(reversed(SHADES))
    base = alt.Chart(values(rows)).encode(
        x=alt.X("across:N", sort=list(across.values()), title=parameters[1], axis=_across(across, lines=False)),
        y=alt.Y("down:N", sort=list(down.values()), title=parameters[0], axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("down:N", title=parameters[0]),
            alt.Tooltip("across:N", title=parameters[1]),
            alt.Tooltip("text:N", title=title),
            alt.Tooltip("n:Q", title="n"),
        ],
    )
    legend = alt.Legend(
        title=title, format=form(share=share), orient="right", gradientLength=120, gradientThickness=12, tickCount=4
    )
    colour = alt.Color("value:Q", scale=alt.Scale(range=shades, domain=[low, high]), legend=legend)
    cells = base.mark_rect(stroke="white", strokeWidth=1.5).encode(color=colour)
    layers: list[Any] = [cells]
    if len(across) <= 10:
        white = alt.condition("datum.dark", alt.value("white"), alt.value("#1b1f24"))
        layers.append(base.mark_text(fontSize=12).encode(text="short:N", color=white))
    return sized(alt.layer(*layers), style, len(down) * max(24, min(44, 320 // len(down))))


def _dark(value: float, low: float, high: float, *, larger: bool) -> bool:
    """Whether a cell is so dark that its text is white."""
    at = (value - low) / (high - low) if high > low else 0.0
    return (at if larger else 1 - at) > 0.55
