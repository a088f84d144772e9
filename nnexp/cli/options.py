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

DataOverrides: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Parameters of a source, such as examples=100, or overrides of a spec, such as data.split.dev=0.2.",
        show_default=False,
    ),
]

RunsDir: TypeAlias = Annotated[
    Path, typer.Option("--runs", envvar="NNEXP_RUNS", help="Folder of the runs.", metavar="DIR")
]

RunName: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run: its name or its folder.", show_default=False)
]

RunsOrSweeps: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN_OR_SWEEP", help="Runs or sweeps, by name or folder, or a folder of runs.", show_default=False
    ),
]

Metric: TypeAlias = Annotated[
    str | None, typer.Option("--metric", help="Metric that is compared.", show_default="the sweep's objective")
]

Mixed: TypeAlias = Annotated[bool, typer.Option("--mixed", help="Allow runs with different data or metrics.")]

Jobs: TypeAlias = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Number of worker processes.", show_default="one per core")
]

RestartSweep: TypeAlias = Annotated[
    bool, typer.Option("--restart", help="Train failed runs again, and runs whose data changed since.")
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, only the result.")]
Verbose: TypeAlias = Annotated[bool, typer.Option("--verbose", "-v", help="Also print the resolved spec.")]
