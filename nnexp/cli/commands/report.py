"""nnexp report"""

from __future__ import annotations

import io
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from nnexp.cli.console import err, fit_table, out, print_sentence
from nnexp.cli.options import Json, RunsDir
from nnexp.errors import UsageError
from nnexp.reports.report import ReportOptions
from nnexp.reports.report import build_report as made_of
from nnexp.storage import atomic
from nnexp.wording import shorten_distinctly, shorten_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from nnexp.reports.html.write import ReportOutput
    from nnexp.reports.report import Report


class FigureFormat(StrEnum):
    """What figures are written as."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


FILE_WIDTH_CHARACTERS = 160
"""Columns of a table that is written to a file."""

VALUE_WIDTHS = (48, 24, 16, 10)
"""Characters of a value: the first with which all of them find room."""


def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN_OR_SWEEP",
            help="Runs, sweeps, their folders or names, or a folder of runs.",
            show_default=False,
        ),
    ],
    metric: Annotated[
        str | None, typer.Option("--metric", help="What to rank by.", show_default="the sweep's objective")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Order the rows by a column.", show_default="the metric"),
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            "--filter", help="Only variants such as 'optimizer == \"adam\" and lr > 1e-3'.", show_default=False
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="NAME", help="Compare with this variant, not with the best.", show_default=False
        ),
    ] = None,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Report runs with different data or metrics together.")
    ] = False,
    form: Annotated[
        Literal["table", "markdown", "csv", "latex", "json"], typer.Option("--format", help="How to write it.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one offline page with figures.", show_default=False),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write the page's figures as files.", show_default=False),
    ] = None,
    formats: Annotated[
        list[FigureFormat] | None,
        typer.Option("--figure-format", help="File format of the figures; repeat for several.", show_default="png"),
    ] = None,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """The variants of runs and sweeps, the best first: mean and 95 % interval over seeds, and what that proves."""
    if output is not None and html is not None and output.resolve() == html.resolve():
        raise UsageError(f"--output and --html are the same file, {output}")
    order = _make_output(html, figures, formats)
    made = made_of(names, runs, ReportOptions(metric, sort, condition, baseline, mixed))
    _write_report(made, "json" if json else form, output)
    _write_page_and_figures(made, order)
    for problem in made.problems:
        err.print(problem, style="yellow", markup=False)


def _make_output(
    html: Path | None, figures: Path | None, formats: Sequence[FigureFormat] | None
) -> ReportOutput | None:
    """What shall be drawn, nothing where nothing is asked for. Raises UsageError where it cannot be."""
    if html is None and figures is None:
        if formats:
            raise UsageError("--figure-format is of --figures DIR, which is not given")
        return None
    from nnexp.reports.html.write import ReportOutput

    order = ReportOutput(
        html, figures, tuple(form.value for form in formats or [FigureFormat.png]), shlex.join(["nnexp", *sys.argv[1:]])
    )
    order.check_paths()
    return order


def _write_page_and_figures(made: Report, order: ReportOutput | None) -> None:
    """The page and the figures, to their files."""
    if order is None:
        return
    from nnexp.reports.html.write import write_output

    written = write_output(made, order)
    if order.page:
        err.print(f"wrote {order.page}", markup=False)
    if order.figures:
        count = len(written) - (order.page is not None)
        err.print(f"wrote {count} files to {order.figures}", markup=False)


def _write_report(made: Report, form: str, output: Path | None) -> None:
    """The report to standard output or, whole or not at all, to a file."""
    from nnexp.reports.tables import REPORT_FORMATTERS, format_sentences

    if form != "table":
        text = REPORT_FORMATTERS[form](made)
    elif output is None:
        shown = render_variants(made, out.width)
        out.print(shown)
        if left_out := [header for header in made.headers if not _has_column(header, shown)]:
            err.print(f"no room for {', '.join(left_out)}: --format csv has all", style="yellow", markup=False)
        for line in format_sentences(made):
            print_sentence(line, indent=2)
        return
    else:
        text = _format_plain(made)
    if output is None:
        print(text, end="")
    else:
        atomic.write_text(output, text)
        err.print(f"wrote {output}", markup=False)


def render_variants(made: Report, width: int) -> Table:
    """The variants, one row each; where there is little room, values are shortened, then columns of them left out."""
    from nnexp.reports.tables import OPTIONAL_HEADERS, format_cells

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
    from nnexp.reports.tables import format_sentences

    page = io.StringIO()
    console = Console(file=page, width=FILE_WIDTH_CHARACTERS, highlight=False, soft_wrap=True, color_system=None)
    console.print(render_variants(made, FILE_WIDTH_CHARACTERS))
    for line in format_sentences(made):
        console.print(line, markup=False)
    return page.getvalue()
