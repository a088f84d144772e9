"""nnexp sweep --plan: the runs, the stacks, and what they will take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnexp.cli.console import make_table, out, print_json
from nnexp.cli.tables.sweep import list_varied_keys, print_duplicates
from nnexp.sweeps.planning.forecast import forecast_sweep
from nnexp.sweeps.planning.labels import format_label
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.wording import format_bytes, format_count, format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from nnexp.sweeps.planning.forecast import StackForecast
    from nnexp.sweeps.running.progress import SweepProgress
    from nnexp.sweeps.running.sweep import SweepState

MAX_LISTED_RUNS = 20
"""Runs that are listed."""


def print_plan(found: SweepState, workers: int, most: int | None, *, json: bool) -> None:
    """Show the plan; nothing is trained but a few batches of each structure, and nothing is written."""
    runs = found.progress.runs
    plan = {run.run: run for run in runs}
    forecast = forecast_sweep(found.progress, StackPlanner(plan, found.folder.definition.base_text, workers, most))
    if json:
        listed = []
        for run in runs:
            split = {"seed": run.seed, "fold": run.fold, "member": run.member}
            listed.append({"run": run.run, **split, "values": dict(run.values)})
        print_json(forecast.as_dict() | {"sweep": str(found.path), "runs": listed})
        return
    out.print(_render_runs(found.progress))
    if len(runs) > MAX_LISTED_RUNS:
        out.print(f"... and {len(runs) - MAX_LISTED_RUNS} more; --json lists all")
    out.print(_render_stacks(forecast.stacks))
    print_duplicates(found, out)
    out.print(
        f"{format_count(len(runs), 'run')}, {forecast.missing} of them to be trained by "
        f"{format_count(workers, 'worker')}: about {format_duration(forecast.seconds)}, "
        f"{format_bytes(forecast.memory)} of memory, {format_bytes(forecast.disk)} on disk"
    )
    if found.path.exists():
        out.print(str(found.path), style="bold", markup=False)
    else:
        out.print(f"not begun: its folder will be {found.path}", markup=False)


def _render_runs(progress: SweepProgress) -> Table:
    """The first runs, with what tells them apart."""
    columns = list_varied_keys(progress.runs)
    # Folds and members are runs of one variant and one seed.
    split = [name for name in ("fold", "member") if any(getattr(run, name) is not None for run in progress.runs)]
    shown = make_table("run", "variant", "seed", *split, "state")
    for run in progress.runs[:MAX_LISTED_RUNS]:
        cells = [run.run, format_label(run.values, columns), str(run.seed)]
        for name in split:
            number = getattr(run, name)
            cells.append("-" if number is None else str(number))
        shown.add_row(*cells, progress.find_state(run.run))
    return shown


def _render_stacks(stacks: Sequence[StackForecast]) -> Table:
    """The stacks of each structure, and what a step of a run takes in its stack and alone."""
    shown = make_table("stacks", "runs in each", "parameters", "step of a run", "alone")
    for stack in stacks:
        fewest, most = min(stack.sizes), max(stack.sizes)
        sizes = f"{fewest} to {most}" if fewest < most else f"{most}"
        together, alone = "-", "-"
        # A baseline is fitted without steps.
        if stack.alone:
            together, alone = _format_microseconds(stack.seconds), _format_microseconds(stack.alone)
        shown.add_row(str(len(stack.sizes)), sizes, f"{stack.parameters:,}", together, alone)
    return shown


def _format_microseconds(seconds: float) -> str:
    return f"{1e6 * seconds:,.0f} µs"
