"""What figures have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal, TypeAlias

import altair as alt

from nnexp.pages.html import visible
from nnexp.pages.inherited import harmless

Chart: TypeAlias = Any
"""A chart of Altair, whose class depends on how it was put together."""

PICKED = "length(picked) == 0 || indexof(picked, datum.variant) >= 0"
"""Whether a mark's variant is shown, in Vega's language: see `nnexp.pages.shell.legend`."""

DIGITS = 5
"""Significant digits of the numbers in a figure."""

LONGEST = 48
"""Characters of a variant's name in a figure."""

WORD = 26
"""Characters of a value beside an axis."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a chart is made for: the page, whose width it takes and where it answers to the pointer, or paper."""

    width: int | Literal["container"]
    interactive: bool


PAGE = Style("container", interactive=True)
COLUMN = Style(330, interactive=False)
"""The column of a paper, which the file of a figure is as wide as: see `nnexp.pages.drawing`."""

BOTH = Style(684, interactive=False)
"""Both columns."""

USUAL = 44
"""Letters of a title that find room over a column."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, for the page and for files.

    name: its id and its file's name.  make: its chart in a style.  group: of the legend that picks in it.
    subtitle: what a reader without the page's legend and caption has to know.  wide: whether its file is as wide as
    both columns of a paper.
    """

    name: str
    title: str
    caption: str
    make: Callable[..., Chart]
    group: str | None = None
    narrow: bool = False
    subtitle: str = ""
    wide: bool = False

    def on_page(self) -> dict[str, Any]:
        """The chart for the page, which writes the title itself."""
        return self._described(self.make(style=PAGE))

    def on_paper(self) -> dict[str, Any]:
        """The chart for a file."""
        style = BOTH if self.wide else COLUMN
        letters = 2 * USUAL if self.wide else USUAL
        below = wrap(self.subtitle, round(1.2 * letters)) if self.subtitle else alt.Undefined
        title = alt.TitleParams(wrap(visible(self.title), letters), subtitle=below)
        chart = self._described(self.make(style=style).properties(title=title, padding=6))
        return {**chart, "usermeta": {"width": style.width}}

    def _described(self, chart: Chart) -> dict[str, Any]:
        found: dict[str, Any] = chart.properties(description=self.title).to_dict(validate=False)
        return {key: harmless(value) for key, value in found.items() if key != "config"}


def sized(chart: Chart, style: Style, height: int) -> Chart:
    """The chart as wide as the style says."""
    chart = chart.properties(width=style.width, height=height)
    return (
        chart.properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding")) if style.interactive else chart
    )


def values(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as the data of a chart: numbers in few digits, those that JSON does not have as null, texts made visible."""
    return alt.InlineData(values=[{key: short(value) for key, value in row.items()} for row in rows])


def short(value: Any) -> Any:
    """A value as it stands in a figure's data."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def spoken(column: str) -> str:
    """The name of a metric as an axis has it.

    >>> spoken("dev_accuracy")
    'dev accuracy'
    """
    return column.replace("_", " ")


def form(*, share: bool) -> str:
    """How Vega writes a number of a metric on an axis."""
    return "~%" if share else "~g"


def spans(numbers: Sequence[float], factor: float = 20) -> bool:
    """Whether numbers are positive and reach so far that a logarithmic axis shows them better."""
    known = [number for number in numbers if math.isfinite(number)]
    return bool(known) and min(known) > 0 and max(known) > factor * min(known)
