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
    from nnexp.sweeps.running.sweep import SweepState

MAX_LISTED_RUNS = 20
"""Runs that are listed."""


def print_plan(found: SweepState, workers: int, most: int | None, *, json: bool) -> None:
    """Show the plan; nothing is trained but a few batches of each structure, and nothing is written."""
    runs = found.progress.runs
    plan = {run.run: run for run in runs}
    cast = forecast_sweep(found.progress, StackPlanner(plan, found.folder.definition.base_text, workers, most))
    columns = list_varied_keys(runs)
    if json:
        document = cast.as_dict() | {
            "sweep": str(found.path),
            "runs": [{"run": run.run, "seed": run.seed, "values": dict(run.values)} for run in runs],
        }
        print_json(document)
        return
    listing = make_table("run", "variant", "seed", "state")
    for run in runs[:MAX_LISTED_RUNS]:
        listing.add_row(run.run, format_label(run.values, columns), str(run.seed), found.progress.find_state(run.run))
    out.print(listing)
    if len(runs) > MAX_LISTED_RUNS:
        out.print(f"... and {len(runs) - MAX_LISTED_RUNS} more; --json lists all")
    shown = make_table("stacks", "runs in each", "parameters", "step of a run", "alone")
    for stack in cast.stacks:
        sizes = f"{min(stack.sizes)}" if len(set(stack.sizes)) == 1 else f"{min(stack.sizes)} to {max(stack.sizes)}"
        times = (f"{1e6 * stack.seconds:,.0f} µs", f"{1e6 * stack.alone:,.0f} µs") if stack.alone else ("-", "-")
        shown.add_row(str(len(stack.sizes)), sizes, f"{stack.parameters:,}", *times)
    out.print(shown)
    print_duplicates(found, out)
    out.print(
        f"{len(runs)} runs, {cast.missing} of them to be trained by {format_count(workers, 'worker')}: about "
        f"{format_duration(cast.seconds)}, {format_bytes(cast.memory)} of memory, {format_bytes(cast.disk)} on disk"
    )
    out.print(str(found.path), style="bold", markup=False)
