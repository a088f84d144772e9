"""nnexp runs, nnexp runs rm"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nnexp.cli.console import err, fit_table, format_metric, format_number, out, print_json
from nnexp.cli.help import HelpCommand, format_example
from nnexp.cli.options import Json, RunsDir
from nnexp.errors import RunError, UsageError
from nnexp.runs import known_files, manifest
from nnexp.runs.index import find_current_state, find_to_delete, list_run_folders
from nnexp.storage.lock import lock_folder

LISTED_COLUMNS = ("run", "state", "seed", "epochs", "dev", "test", "seconds", "began")

app = typer.Typer(invoke_without_command=True)


@app.callback()
def list_runs(context: typer.Context, runs: RunsDir = Path("runs"), json: Json = False) -> None:
    """List runs with their state and key metrics; `rm` deletes."""
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
        rows = [row | {"began": row["began"][:16].replace("T", " ")} for row in rows]
        columns = {key: [_format_cell(row[key]) for row in rows] for key in LISTED_COLUMNS}
        out.print(fit_table(columns, ("began", "seconds", "seed", "epochs"), out.width))
    for line in damaged:
        err.print(line, style="yellow", markup=False)


@app.command("rm", cls=HelpCommand, epilog=format_example("nnexp runs rm adam_bn-1a2b3c --yes"))
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
    for path in dict.fromkeys(paths):
        if not yes:
            if not err.is_terminal:
                raise UsageError(f"{path} was not deleted: there is no terminal to confirm on, so add --yes")
            typer.confirm(f"Delete {path}?", abort=True, err=True)
        with lock_folder(path):
            others = known_files.remove_run(path)
        err.print(f"deleted {path}" if not others else f"deleted the run in {path}", markup=False)
        if others:
            err.print(known_files.describe_kept_files(path, others), markup=False)


def _summarize_run(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A run in one row: its key metric is accuracy where there is one, otherwise the loss, or the error of values."""
    final = record.get("final", {})
    key = {part: next(k for k in ("accuracy", "loss", *values) if k in values) for part, values in final.items()}
    return {
        "run": name,
        "state": record["state"],
        "seed": record["seed"],
        "epochs": record.get("epochs"),
        "dev": {key["dev"]: final["dev"][key["dev"]]} if "dev" in final else None,
        "test": {key["test"]: final["test"][key["test"]]} if "test" in final else None,
        "seconds": record.get("seconds"),
        "began": record["began"],
    }


def _format_cell(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(format_metric(name, entry) + f" {name}" * (name != "accuracy") for name, entry in value.items())
    if isinstance(value, float):
        return format_number(value, 1)
    return "-" if value is None else str(value)
