"""nnexp new"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import err, out
from nnexp.cli.tables.columns import print_remarks
from nnexp.errors import UsageError
from nnexp.spec.starter import SCHEMA_FILE, write_starter
from nnexp.spec.starter_for_files import is_folder_or_arrays, write_spec_for

if TYPE_CHECKING:
    from nnexp.data.inference.table import TableGuess
    from nnexp.inspection.table_preview import TablePreview


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name; NAME.yaml is written.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="FILE", help="A table, arrays (.npz) or a folder of images.", show_default=False
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="The column to predict.", show_default="asked for, or a guess"),
    ] = None,
) -> None:
    """Write a commented spec to start from, and the schema for editors.

    With --data the spec is for your own file, and trains at once: every decision about it is written out with its
    reason. With the schema an editor completes and checks specs.
    """
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if target is not None and data is None:
        raise UsageError("--target is a column of a file: name the file too, --data FILE")
    if data is None:
        schema = write_starter(path)
    elif is_folder_or_arrays(data):
        if target is not None:
            raise UsageError("--target is a column of a table; arrays and folders of images have their targets beside")
        described = write_spec_for(data, path.stem, SCHEMA_FILE)
        schema = write_starter(path, described.text)
        for doubt in described.doubts:
            err.print(doubt, markup=False)
    else:
        found = _preview_table(data, path.stem, target)
        schema = write_starter(path, found.spec)
        _print_doubts(found.guess)
        print_remarks(found.remarks)
    command = shlex.join(["nnexp", "train", str(path)])
    out.print(f"{path}, and {schema.name} beside it for editors. Next:\n  {command}", markup=False)


def _preview_table(data: str, name: str, target: str | None) -> TablePreview:
    """What a file is; on a terminal, what there is to predict is asked for."""
    from nnexp.inspection.table_preview import preview_table  # reads tables, and imports pandas

    found = preview_table(data, name, target)
    guess = found.guess
    if target is None and sys.stdin.isatty() and sys.stdout.isatty():
        names = [column.name for column in guess.columns]
        out.print(f"{data}: {guess.rows:,} rows. Columns: {', '.join(names)}", markup=False)
        asked = typer.prompt("Column to predict", default=guess.target.column.name)
        if asked != guess.target.column.name:
            return preview_table(data, name, asked)
    return found


def _print_doubts(guess: TableGuess) -> None:
    """What a person should look at before training."""
    target = guess.target
    err.print(f"target: {target.column.name}, {target.kind} ({target.reason}); {guess.target_reason}", markup=False)
    if target.unsure:
        err.print(f"  it may be {target.unsure}: the spec has the other line", markup=False)
    unsure = [column for column in guess.columns if column.unsure and column is not target.column]
    if unsure:
        named = ", ".join(f"{column.name} (or {column.unsure})" for column in unsure[:MAX_LISTED_DOUBTS])
        more = f" and {len(unsure) - MAX_LISTED_DOUBTS} more" if len(unsure) > MAX_LISTED_DOUBTS else ""
        err.print(f"unsure: {named}{more}", markup=False)


MAX_LISTED_DOUBTS = 8
"""How many columns are named of which it is not sure what they are."""
