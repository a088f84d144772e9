"""A report as a table that fits, and as text for a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnexp.cli.console import err, fit_table, out, print_sentence
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
    text = _format_plain(made) if form == "table" else REPORT_FORMATTERS[form](made)
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
    found = format_cells(made)
    own = list(found)[: len(made.headers)]
    needed = [header for header in found if header not in (*own, *OPTIONAL_HEADERS)]
    short: dict[str, list[str]] = {}
    for widest in VALUE_WIDTHS:
        short = {shorten_text(header, widest if header in own else width): column for header, column in found.items()}
        names = dict(zip(found, short, strict=True))
        for header in own:
            short[names[header]] = shorten_distinctly(found[header], widest)
        if _measure_width([names[header] for header in (*own, *needed)], short) <= width:
            break
    last = [made.test_metric] if made.test_metric != made.measure.metric else []
    spare = [*OPTIONAL_HEADERS, *last, *(list(short)[: len(own)][:0:-1])]
    return fit_table({escape(header): list(map(escape, column)) for header, column in short.items()}, spare, width)


def _has_column(header: str, shown: Table) -> bool:
    """Whether a table has a column of this name, which may be cut short there and broken into lines."""
    headers = [str(column.header).replace("\n", " ") for column in shown.columns]
    return any(found == header or (found.endswith("…") and header.startswith(found[:-1])) for found in headers)


def _measure_width(headers: Sequence[str], columns: Mapping[str, Sequence[str]]) -> int:
    """Characters that a table of these columns takes."""
    return 1 + sum(max(map(len, [*header.split(" "), *columns[header]])) + 3 for header in headers)


def _format_plain(made: Report) -> str:
    """The table and its verdicts as plain text."""
    page = io.StringIO()
    console = Console(file=page, width=FILE_WIDTH_CHARACTERS, highlight=False, soft_wrap=True, color_system=None)
    console.print(render_variants(made, FILE_WIDTH_CHARACTERS))
    for line in format_sentences(made):
        console.print(line, markup=False)
    return page.getvalue()
