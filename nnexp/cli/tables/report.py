"""A report as a table that fits, and as text for a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnexp.cli.console import err, fit_table, measure_table, out, print_sentence
from nnexp.reports.tables import OPTIONAL_HEADERS, REPORT_FORMATTERS, format_cells, format_sentences
from nnexp.storage import atomic
from nnexp.wording import shorten_distinctly, shorten_text

if TYPE_CHECKING:
    from pathlib import Path

    from nnexp.reports.report import Report

FILE_WIDTH_CHARACTERS = 160
"""Columns of a table that is written to a file."""

VALUE_WIDTHS = (48, 24, 16, 10)
"""Characters of a value: the first with which all of them find room."""


def write_report(made: Report, form: str, output: Path | None) -> None:
    """The report to standard output or, whole or not at all, to a file."""
    if form == "table" and output is None:
        _print_report(made)
        return
    format_report = REPORT_FORMATTERS.get(form, _format_plain)
    text = format_report(made)
    if output is None:
        print(text, end="")
        return
    atomic.write_text(output, text)
    err.print(f"wrote {output}", markup=False)


def _print_report(made: Report) -> None:
    """The table as wide as the terminal, the columns that found no room in it, and the verdicts."""
    shown = render_variants(made, out.width)
    out.print(shown)
    left_out = [header for header in made.headers if not _has_column(header, shown)]
    if left_out:
        err.print(f"no room for {', '.join(left_out)}: --format csv has all", style="yellow", markup=False)
    for line in format_sentences(made):
        print_sentence(line, indent=2)


def render_variants(made: Report, width: int) -> Table:
    """The variants, one row each; where there is little room, values are shortened, then columns of them left out."""
    columns = format_cells(made)
    values = dict(islice(columns.items(), len(made.headers)))
    results = dict(islice(columns.items(), len(made.headers), None))
    needed = {header: cells for header, cells in results.items() if header not in OPTIONAL_HEADERS}
    short = {}
    for widest in VALUE_WIDTHS:
        short = _shorten_values(values, widest)
        if measure_table(short | needed) <= width:
            break
    spare = list(OPTIONAL_HEADERS)
    if made.test_metric != made.measure.metric:
        spare.append(made.test_metric)
    # Of the values, which stand from the most to the least important, the last goes first and the first always stays.
    spare += list(short)[:0:-1]
    escaped = {}
    for header, cells in (short | results).items():
        escaped[escape(header)] = list(map(escape, cells))
    return fit_table(escaped, spare, width)


def _shorten_values(columns: Mapping[str, Sequence[str]], most: int) -> dict[str, list[str]]:
    """Columns of values with headers and cells of `most` characters at most."""
    short = {}
    for header, cells in columns.items():
        short[shorten_text(header, most)] = shorten_distinctly(cells, most)
    return short


def _has_column(header: str, shown: Table) -> bool:
    """Whether a table has a column of this name, which may be cut short there and broken into lines."""
    for column in shown.columns:
        found = str(column.header).replace("\n", " ")
        if found == header or (found.endswith("…") and header.startswith(found[:-1])):
            return True
    return False


def _format_plain(made: Report) -> str:
    """The table and its verdicts as plain text."""
    page = io.StringIO()
    console = Console(file=page, width=FILE_WIDTH_CHARACTERS, highlight=False, soft_wrap=True, color_system=None)
    console.print(render_variants(made, FILE_WIDTH_CHARACTERS))
    for line in format_sentences(made):
        console.print(line, markup=False)
    return page.getvalue()
