"""nnexp runs, nnexp runs rm"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nnexp.cli.console import err, fit_table, gather_columns, out, print_json
from nnexp.cli.help import HelpCommand, format_example
from nnexp.cli.options import Json, RunsDir
from nnexp.errors import RunError, UsageError
from nnexp.metrics.names import format_metric
from nnexp.runs import known_files, manifest
from nnexp.runs.index import find_current_state, find_to_delete, list_run_folders
from nnexp.storage.lock import lock_folder
from nnexp.wording import format_decimal

MINUTE_CHARACTERS = 16
"""The characters of a time in ISO 8601 as far as the minutes."""

app = typer.Typer(invoke_without_command=True, subcommand_metavar="[rm RUN...]")


@app.callback()
def list_runs(context: typer.Context, runs: RunsDir = Path("runs"), json: Json = False) -> None:
    """List runs with their state and key metrics; `rm` deletes.

    `nnexp runs` alone lists all runs in the folder.
    """
    context.obj = runs
    if context.invoked_subcommand is not None:
        return

    if not runs.is_dir() and runs != Path("runs"):
        raise UsageError(f"there is no folder {runs}")
    rows, damaged = [], []
    for path in list_run_folders(runs):
        try:
            record = manifest.read_manifest(path)
        except RunError as error:
            damaged.append(str(error))
        else:
            rows.append(_summarize_run(path.name, record | {"state": find_current_state(path, record)}))
    if json:
        print_json(rows)
    elif not rows:
        out.print(f"no runs in {runs}")
    else:
        columns = gather_columns(map(_format_run, rows))
        out.print(fit_table(columns, ("began", "seconds", "seed", "epochs"), out.width))
    for line in damaged:
        err.print(line, style="yellow", markup=False)


@app.command("rm", cls=HelpCommand, epilog=format_example("nnexp runs rm first --yes"))
def remove_runs(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="RUN", help="Runs to delete.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="Folder of the runs.", metavar="DIR", show_default=False)
    ] = None,
) -> None:
    """Delete runs: the files that nnexp wrote. Other files in their folders stay."""
    paths = [find_to_delete(name, runs or context.obj) for name in names]
    for path in dict.fromkeys(paths):  # a run that is named twice is deleted once
        if not yes:
            if not err.is_terminal:
                raise UsageError(f"{path} was not deleted: there is no terminal to confirm on, so add --yes")
            typer.confirm(f"Delete {path}?", abort=True, err=True)
        with lock_folder(path):
            others = known_files.remove_run(path)
        if others:
            err.print(f"deleted the run in {path}", markup=False)
            err.print(known_files.describe_kept_files(path, others), markup=False)
        else:
            err.print(f"deleted {path}", markup=False)


def _summarize_run(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A run in one row: its key metric is accuracy where there is one, otherwise the loss, or the error of values."""
    final = {part: _choose_key_metric(metrics) for part, metrics in record.get("final", {}).items()}
    return {
        "run": name,
        "state": record["state"],
        "seed": record["seed"],
        "epochs": record.get("epochs"),
        "dev": final.get("dev"),
        "test": final.get("test"),
        "seconds": record.get("seconds"),
        "began": record["began"],
    }


def _choose_key_metric(metrics: dict[str, float]) -> dict[str, float]:
    for name in ("accuracy", "loss", *metrics):
        if name in metrics:
            return {name: metrics[name]}
    return {}


def _format_run(row: dict[str, Any]) -> dict[str, str]:
    """A run by column; - for what it does not have yet."""
    return {
        "run": row["run"],
        "state": row["state"],
        "seed": str(row["seed"]),
        "epochs": "-" if row["epochs"] is None else str(row["epochs"]),
        "dev": _format_key_metric(row["dev"]),
        "test": _format_key_metric(row["test"]),
        "seconds": format_decimal(row["seconds"], 1),
        "began": row["began"][:MINUTE_CHARACTERS].replace("T", " "),
    }


def _format_key_metric(metrics: dict[str, float] | None) -> str:
    """The value, and behind it the name where it is not the accuracy."""
    if not metrics:
        return "-"
    [(name, value)] = metrics.items()
    if name == "accuracy":
        return format_metric(name, value)
    return f"{format_metric(name, value)} {name}"
