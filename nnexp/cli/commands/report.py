"""nnexp report"""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from nnexp.cli.console import err
from nnexp.cli.options import Json, Metric, Mixed, RunsDir, RunsOrSweeps
from nnexp.cli.tables.report import write_report
from nnexp.errors import UsageError
from nnexp.reports.report import ReportOptions, build_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnexp.reports.html.write import ReportOutput
    from nnexp.reports.report import Report


class FigureFormat(StrEnum):
    """What figures are written as."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


SortColumn: TypeAlias = Annotated[
    str | None,
    typer.Option("--sort", metavar="COLUMN", help="Column to order the rows by.", show_default="the metric"),
]

Condition: TypeAlias = Annotated[
    str | None,
    typer.Option("--filter", help="Only variants such as 'optimizer == \"adam\" and lr > 1e-3'.", show_default=False),
]

Baseline: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--baseline", metavar="NAME", help="Compare with this variant, not with the best.", show_default=False
    ),
]

ReportForm: TypeAlias = Annotated[
    Literal["table", "markdown", "csv", "latex", "json"], typer.Option("--format", help="Form of the report.")
]

ReportFile: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False)
]

PageFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write one offline page with figures.", show_default=False),
]

FigureFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option("--figures", metavar="DIR", help="Write the page's figures as files.", show_default=False),
]

FigureFormats: TypeAlias = Annotated[
    list[FigureFormat] | None,
    typer.Option("--figure-format", help="File format of the figures; repeat for several.", show_default="png"),
]


def report(
    names: RunsOrSweeps,
    metric: Metric = None,
    sort: SortColumn = None,
    condition: Condition = None,
    baseline: Baseline = None,
    mixed: Mixed = False,
    form: ReportForm = "table",
    output: ReportFile = None,
    html: PageFile = None,
    figures: FigureFolder = None,
    formats: FigureFormats = None,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """Variants of runs and sweeps, best first, and what the seeds show.

    Each variant has its mean and 95 % interval over seeds; below the table stands
    how sure the differences are.
    """
    if output is not None and html is not None and output.resolve() == html.resolve():
        raise UsageError(f"--output and --html are the same file, {output}")
    # Before the report is made, so that a wrong path is found before the work, not after it.
    drawing = _plan_drawing(html, figures, formats or [])
    made = build_report(names, runs, ReportOptions(metric, sort, condition, baseline, mixed))
    write_report(made, "json" if json else form, output)
    if drawing is not None:
        _draw_page_and_figures(made, drawing)
    for problem in made.problems:
        err.print(problem, style="yellow", markup=False)


def _plan_drawing(html: Path | None, figures: Path | None, formats: Sequence[FigureFormat]) -> ReportOutput | None:
    """What to draw, None if nothing is asked for. Raises UsageError where it cannot be written."""
    if html is None and figures is None:
        if formats:
            raise UsageError("--figure-format is for --figures, which is not given: add --figures DIR")
        return None
    from nnexp.reports.html.write import ReportOutput  # imports altair, an optional extra

    command = shlex.join(["nnexp", *sys.argv[1:]])
    drawing = ReportOutput(html, figures, tuple(form.value for form in formats or [FigureFormat.png]), command)
    drawing.check_paths()
    return drawing


def _draw_page_and_figures(made: Report, drawing: ReportOutput) -> None:
    """The page and the figures, to their files."""
    from nnexp.reports.html.write import write_output

    written = write_output(made, drawing)
    if drawing.page:
        err.print(f"wrote {drawing.page}", markup=False)
    if drawing.figures:
        count = len(written) - (drawing.page is not None)
        err.print(f"wrote {count} files to {drawing.figures}", markup=False)
