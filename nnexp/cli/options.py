"""Arguments and flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

SpecPath: TypeAlias = Annotated[Path, typer.Argument(metavar="SPEC", help="A spec: a YAML file.", show_default=False)]

Overrides: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Overrides, such as optimizer.adam.lr=3e-3.", show_default=False),
]

RunsDir: TypeAlias = Annotated[
    Path, typer.Option("--runs", envvar="NNEXP_RUNS", help="Folder of the runs.", metavar="DIR")
]

RunName: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run: its name or its folder.", show_default=False)
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, only the result.")]
Verbose: TypeAlias = Annotated[bool, typer.Option("--verbose", "-v", help="Also print the resolved spec.")]
