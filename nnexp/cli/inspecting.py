"""nnexp inspect"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.options import Json, Overrides, SpecPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnexp.inspection.inspection import Inspection
    from nnexp.spec.sections import Spec


class Data(StrEnum):
    """What the network is shown."""

    REAL = "real"
    NORMAL = "normal"


def inspect_(
    spec: SpecPath,
    overrides: Overrides = None,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="A,B", help="These initialisers, such as xavier,he.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="K", min=1, max=1000, help="Average over seeds.")] = 1,
    examples: Annotated[
        int, typer.Option("--examples", metavar="N", min=1, max=1_000_000, help="At most so many examples.")
    ] = 256,
    data: Annotated[
        Data, typer.Option("--data", help="Training examples of the spec, or random numbers from N(0, 1).")
    ] = Data.REAL,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with figures too.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Look at a network before training: its outputs and gradients, layer by layer, and what they say."""
    from nnexp.cli.render import print_json
    from nnexp.inspection.inspection import inspect
    from nnexp.inspection.variants import variants

    if html is not None:
        _check(html)
    specs = variants(spec, overrides or (), init)
    found = inspect(specs, seeds=seeds, most=examples, data=data.value)
    if json:
        print_json([each.as_dict() for each in found])
    else:
        _print(found)
    if html is not None:
        _write(found, specs, html)


def _check(html: Path) -> None:
    """Raises UsageError where no page can be written there, before any work."""
    from nnexp.pages.writing import Order

    Order(page=html).check()


def _write(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], path: Path) -> None:
    """The page, whole or not at all."""
    import shlex
    import sys

    from nnexp import files
    from nnexp.cli.render import err
    from nnexp.pages.inspection import html

    files.write_text(path, html(found, specs, shlex.join(["nnexp", *sys.argv[1:]])))
    err.print(f"wrote {path}", markup=False)


def _print(found: Sequence[Inspection]) -> None:
    """Tables, what their columns mean, and what they say."""
    from nnexp.cli.inspection_tables import legend, one, several
    from nnexp.cli.render import err, out

    _show(_heading(found), "", out.width)
    for table in [one(found[0], out.width)] if len(found) == 1 else several(found, out.width):
        out.print(table)
    for line in legend(found):
        _show(line, "dim", out.width)
    out.print()
    for text, style in _words(found):
        _show(text, style, out.width)
    if len(found) > 1:
        err.print("every layer in full: one initialiser at a time, or --json", style="dim")


def _show(text: str, style: str, width: int) -> None:
    """A line, or where it is longer several, those after the first further in."""
    from textwrap import wrap

    from nnexp.cli.render import out

    indent = " " * (len(text) - len(text.lstrip()))
    for line in wrap(text.strip(), min(width, 110), initial_indent=indent, subsequent_indent=f"{indent}  "):
        out.print(line, style=style, markup=False)


def _heading(found: Sequence[Inspection]) -> str:
    """What was looked at, in a line."""
    first = found[0]
    what = "training examples" if first.data == "real" else "random normal inputs"
    seeds = f", mean of {len(first.seeds)} seeds" if len(first.seeds) > 1 else ""
    init = f" with {first.init}" if len(found) == 1 else ""
    return f"{first.name}{init} before training, {first.examples:,} {what}{seeds}"


def _words(found: Sequence[Inspection]) -> Iterator[tuple[str, str]]:
    """What the numbers say, with the style of each line."""
    for each in found:
        if len(found) > 1:
            yield each.init, "bold"
        for finding in each.findings:
            yield f"  {finding.text}", "green" if finding.healthy else "yellow"
        if not each.findings:
            yield "  nothing stands out", "dim"
