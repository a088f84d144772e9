"""nnexp export"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from nnexp.cli.console import err
from nnexp.cli.options import RunsDir


def export(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="A run; for tensorboard also several runs, sweeps, or a folder of runs.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Literal["onnx", "npz", "tensorboard"], typer.Option("--to", help="Format to write.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE_OR_DIR",
            help="File or folder to write.",
            show_default="RUN.onnx, RUN.npz, tensorboard/",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there already.")] = False,
    runs: RunsDir = Path("runs"),
) -> None:
    """Write a run as ONNX, NumPy arrays, or for TensorBoard.

    The paths of the files that were written are printed.
    """
    from nnexp.export.export import export_runs  # here, so that help need not wait for it

    found = export_runs(names, to, output, runs=runs, force=force)
    for path in found.paths:
        print(path)
    for problem in found.problems:
        err.print(problem, style="yellow", markup=False)
