"""nnexp report"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nnexp.cli.options import Json, RunsDir

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.report.report import Report

WIDE = 160
"""Columns of a table that is written to a file."""


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
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """The variants of runs and sweeps, the best first: mean and 95 % interval over seeds, and what that proves."""
    from nnexp.cli.render import err
    from nnexp.report.report import Wish
    from nnexp.report.report import report as made_of

    made = made_of(names, runs, Wish(metric, sort, condition, baseline, mixed))
    _write(made, "json" if json else form, output)
    for problem in made.problems:
        err.print(problem, style="yellow", markup=False)


def _write(made: Report, form: str, output: Path | None) -> None:
    """The report to standard output or, whole or not at all, to a file."""
    from nnexp.cli.render import err, out
    from nnexp.report.tables import WRITERS, sentences
    from nnexp.runs import files

    if form != "table":
        text = WRITERS[form](made)
    elif output is None:
        out.print(table(made, out.width))
        for line in sentences(made):
            out.print(line, markup=False)
        return
    else:
        text = _plain(made)
    if output is None:
        print(text, end="")
    else:
        files.write_text(output, text)
        err.print(f"wrote {output}", markup=False)


def table(made: Report, width: int) -> Table:
    """The variants, one row each."""
    from nnexp.cli.render import fitted, shortened
    from nnexp.cli.sweep_table import WIDEST
    from nnexp.report.tables import SPARE, cells

    found = cells(made)
    own = list(found)[: len(made.headers)]
    escaped = {
        shortened(header, 2 * WIDEST): [shortened(cell, 2 * WIDEST if header in own else width) for cell in column]
        for header, column in found.items()
    }
    return fitted(escaped, SPARE, width)


def _plain(made: Report) -> str:
    """The table and its verdicts as plain text."""
    import io

    from rich.console import Console

    from nnexp.report.tables import sentences

    page = io.StringIO()
    console = Console(file=page, width=WIDE, highlight=False, soft_wrap=True, color_system=None)
    console.print(table(made, WIDE))
    for line in sentences(made):
        console.print(line, markup=False)
    return page.getvalue()
