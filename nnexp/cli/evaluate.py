"""nnexp evaluate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from nnexp.cli.options import Json, RunName, RunsDir


def evaluate(
    run: RunName,
    split: Annotated[
        Literal["train", "dev", "test"], typer.Option("--split", help="The part of the data to look at.")
    ] = "test",
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """Loss and metrics of a trained network on a part of its data."""
    from nnexp.api import Run
    from nnexp.cli.render import out, percent_or_number, print_json, table
    from nnexp.errors import UsageError
    from nnexp.runs.index import find

    found = Run(find(run, runs))
    if not len(found.parts[split]):
        raise UsageError(f"{found.path} has no {split} part")
    metrics = found.evaluate(split)
    if json:
        print_json({"run": str(found.path), "split": split, **metrics})
        return
    shown = table("metric", split)
    for name, value in metrics.items():
        shown.add_row(name.replace("_", " "), percent_or_number(name, value))
    out.print(shown)
