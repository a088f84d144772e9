"""nnexp inspect"""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import err, out, print_json
from nnexp.cli.options import Json, Overrides, SpecPath
from nnexp.cli.tables.layers import describe_columns, render_initializers, render_network
from nnexp.inspection.inspection import inspect_networks
from nnexp.inspection.variants import load_variants
from nnexp.storage import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnexp.inspection.inspection import Inspection
    from nnexp.spec.spec import Spec


MAX_LINE_CHARACTERS = 110
"""Sentences are broken into lines no longer, however wide the terminal."""


class InputData(StrEnum):
    """What the network is shown."""

    REAL = "real"
    NORMAL = "normal"


def inspect_(
    spec: SpecPath,
    overrides: Overrides = None,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="A,B", help="Initialisers to compare, such as xavier,he.", show_default=False),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="K", min=1, max=1000, help="Number of seeds to average over.")
    ] = 1,
    examples: Annotated[
        int, typer.Option("--examples", metavar="N", min=1, max=1_000_000, help="Number of examples, at most.")
    ] = 256,
    data: Annotated[
        InputData, typer.Option("--data", help="Training examples of the spec, or random numbers from N(0, 1).")
    ] = InputData.REAL,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with figures.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Outputs and gradients of every layer before training.

    Below the tables stands what they show: signals that vanish or explode, units
    that are dead or saturated.
    """
    if html is not None:
        _check_page_path(html)
    specs = load_variants(spec, overrides or (), init)
    found = inspect_networks(specs, seeds=seeds, most=examples, data=data.value)
    if json:
        print_json([each.as_dict() for each in found])
    else:
        _print_inspection(found)
    if html is not None:
        _write_page(found, specs, html)


def _check_page_path(html: Path) -> None:
    """Raises UsageError where no page can be written there, before any work."""
    from nnexp.reports.html.write import ReportOutput  # imports altair, an optional extra

    ReportOutput(page=html).check_paths()


def _write_page(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], path: Path) -> None:
    """The page, whole or not at all."""
    from nnexp.reports.html.inspection.page import render_inspection

    atomic.write_text(path, render_inspection(found, specs, shlex.join(["nnexp", *sys.argv[1:]])))
    err.print(f"wrote {path}", markup=False)


def _print_inspection(found: Sequence[Inspection]) -> None:
    """The tables, what their columns mean, and the findings."""
    _print_wrapped(_format_heading(found), "", out.width)
    if len(found) == 1:
        out.print(render_network(found[0], out.width))
    else:
        for table in render_initializers(found, out.width):
            out.print(table)
    for line in describe_columns(found):
        _print_wrapped(line, "dim", out.width)
    out.print()
    for text, style in _list_findings(found):
        _print_wrapped(text, style, out.width)
    if len(found) > 1:
        err.print("every layer in full: one initialiser at a time, or --json", style="dim")


def _print_wrapped(text: str, style: str, width: int) -> None:
    """A text, the lines after the first further in."""
    indent = " " * (len(text) - len(text.lstrip()))
    room = min(width, MAX_LINE_CHARACTERS)
    for line in wrap(text.strip(), room, initial_indent=indent, subsequent_indent=f"{indent}  "):
        out.print(line, style=style, markup=False)


def _format_heading(found: Sequence[Inspection]) -> str:
    """Which network, and which inputs it was shown."""
    first = found[0]
    what = "training examples" if first.data == "real" else "random normal inputs"
    text = f"{first.name} before training, {first.examples:,} {what}"
    if len(found) == 1:
        text = f"{first.name} with {first.init} before training, {first.examples:,} {what}"
    if len(first.seeds) > 1:
        text += f", mean of {len(first.seeds)} seeds"
    return text


def _list_findings(found: Sequence[Inspection]) -> Iterator[tuple[str, str]]:
    """What the numbers say, with the style of each line."""
    for each in found:
        if len(found) > 1:
            yield each.init, "bold"
        for finding in each.findings:
            style = "green" if finding.healthy else "yellow"
            yield f"  {finding.text}", style
        if not each.findings:
            yield "  nothing stands out", "dim"
