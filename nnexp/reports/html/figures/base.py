"""What figures have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal, TypeAlias

import altair as alt

from nnexp.reports.html.chart_texts import escape_names
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.theme import BOTH_COLUMNS_PIXELS, COLUMN_PIXELS

Chart: TypeAlias = Any
"""A chart of Altair, whose class depends on how it was put together."""

PICKED_EXPRESSION = "length(picked) == 0 || indexof(picked, datum.variant) >= 0"
"""Whether a mark's variant is shown, in Vega's language: see `nnexp.reports.html.page.render_legend`."""

SIGNIFICANT_DIGITS = 5
"""Significant digits of the numbers in a figure."""

MAX_NAME_CHARACTERS = 48
"""Characters of a variant's name in a figure."""

MAX_VALUE_CHARACTERS = 26
"""Characters of a value beside an axis."""


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """What a chart is made for: the page, whose width it takes and where it answers to the pointer, or paper."""

    width: int | Literal["container"]
    interactive: bool


PAGE_STYLE = ChartStyle("container", interactive=True)
COLUMN_STYLE = ChartStyle(COLUMN_PIXELS, interactive=False)
BOTH_COLUMNS_STYLE = ChartStyle(BOTH_COLUMNS_PIXELS, interactive=False)

TITLE_LINE_CHARACTERS = 44
"""Letters of a title that find room over a column."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, for the page and for files.

    name: its id and its file's name.  make_chart: its chart in a style.  group: of the legend that picks in it.
    subtitle: what a reader without the page's legend and caption has to know.  wide: whether its file is as wide as
    both columns of a paper.
    """

    name: str
    title: str
    caption: str
    make_chart: Callable[..., Chart]
    group: str | None = None
    narrow: bool = False
    subtitle: str = ""
    wide: bool = False

    def make_page_chart(self) -> dict[str, Any]:
        """The chart for the page, which writes the title itself."""
        return self._add_description(self.make_chart(style=PAGE_STYLE))

    def make_paper_chart(self) -> dict[str, Any]:
        """The chart for a file."""
        style, letters = COLUMN_STYLE, TITLE_LINE_CHARACTERS
        if self.wide:
            style, letters = BOTH_COLUMNS_STYLE, 2 * TITLE_LINE_CHARACTERS
        # A subtitle's letters are smaller than a title's.
        below = wrap(self.subtitle, round(1.2 * letters)) or alt.Undefined
        title = alt.TitleParams(wrap(escape_controls(self.title), letters), subtitle=below)
        chart = self._add_description(self.make_chart(style=style).properties(title=title, padding=6))
        # `draw_chart` reads how wide the whole file is to be: what stands beside the axes takes its share of it.
        return {**chart, "usermeta": {"width": style.width}}

    def _add_description(self, chart: Chart) -> dict[str, Any]:
        """The specification with a title for screen readers; the settings of `theme` take the place of Altair's."""
        # The check against Vega-Lite's schema would take twice as long as all the rest.
        specification: dict[str, Any] = chart.properties(description=self.title).to_dict(validate=False)
        specification.pop("config", None)
        escaped: dict[str, Any] = escape_names(specification)
        return escaped


def encode_variant_colour(colours: Mapping[str, str]) -> alt.Color:
    """The colour of each variant."""
    return alt.Color("variant:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values())))


def encode_picked_opacity(pale: float) -> Any:
    """What is picked in the legend, or everything where nothing is; the others pale."""
    return alt.condition(PICKED_EXPRESSION, alt.value(1.0), alt.value(pale))


def add_picking(chart: Chart) -> Chart:
    """The chart with the list of picked variants, which the buttons of a legend set."""
    return chart.add_params(alt.param(name="picked", value=[]))


def plot_end_names(
    rows: Sequence[Mapping[str, Any]], x: alt.X, y: alt.Y, colours: Mapping[str, str], *, gap: int, pale: float
) -> alt.Chart:
    """Names beside the ends of lines. gap: pixels between both; pale: the opacity of what is not picked."""
    marks = alt.Chart(make_data(rows)).mark_text(align="left", dx=gap, baseline="middle")
    colour = encode_variant_colour(colours)
    return marks.encode(x=x, y=y, text="label:N", color=colour, opacity=encode_picked_opacity(pale))


def set_size(chart: Chart, style: ChartStyle, height: int) -> Chart:
    """The chart as wide as the style says."""
    chart = chart.properties(width=style.width, height=height)
    if not style.interactive:
        return chart
    # The width of the page holds axes and names too; Vega would give all of it to the lines.
    return chart.properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))


def make_data(rows: Iterable[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as the data of a chart: numbers in few digits, those that JSON does not have as null, texts made visible."""
    return alt.InlineData(values=list(map(_convert_row, rows)))


def _convert_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: convert_value(value) for key, value in row.items()}


def convert_value(value: Any) -> Any:
    """A value as it stands in a figure's data."""
    if isinstance(value, str):
        return escape_controls(value)
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def format_metric_name(column: str) -> str:
    """The name of a metric as an axis has it.

    >>> format_metric_name("dev_accuracy")
    'dev accuracy'
    """
    return column.replace("_", " ")


def capitalize(text: str) -> str:
    """A text as a heading has it; unlike `str.capitalize` it leaves the other letters as they are."""
    return f"{text[0].upper()}{text[1:]}"
