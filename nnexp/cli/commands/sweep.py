"""nnexp sweep"""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nnexp.cli.console import err, out, print_json, show_notices
from nnexp.cli.options import Jobs, Json, Quiet, RestartSweep, RunsDir
from nnexp.cli.progress.sweep import make_sweep_watch
from nnexp.cli.tables.ensembles import compare_with_members, render_ensembles
from nnexp.cli.tables.sweep import print_duplicates, render_variants
from nnexp.cli.tables.sweep_plan import print_plan
from nnexp.errors import Interrupted, UsageError
from nnexp.spec.checks.notices import notices
from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.executors.local import LocalExecutor
from nnexp.sweeps.planning.plan import build_base
from nnexp.sweeps.planning.workers import choose_worker_count
from nnexp.sweeps.running.objective import DEV_ADVICE, NO_DEV_PART
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.scheduler import SchedulerLimits
from nnexp.sweeps.running.sweep import format_state_counts, plan_sweep, run_sweep
from nnexp.wording import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnexp.sweeps.definition.definition import SweepDefinition
    from nnexp.sweeps.definition.settings import SweepObjective
    from nnexp.sweeps.executors.base import Executor
    from nnexp.sweeps.planning.plan import PlannedRun
    from nnexp.sweeps.running.ensembles import EnsembleStatus
    from nnexp.sweeps.running.progress import SweepProgress
    from nnexp.sweeps.running.sweep import SweepState


def sweep(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC|SWEEP", help="A spec, or a sweep file that names one.", show_default=False)
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=A,B,C",
            help="Values to try, such as optimizer.adam.lr=1e-3,1e-2 or seed=0..4; a single value is an override.",
            show_default=False,
        ),
    ] = None,
    runs: RunsDir = Path("runs"),
    plan: Annotated[
        bool, typer.Option("--plan", help="Show the runs, the stacks and the estimated time; train nothing.")
    ] = False,
    jobs: Jobs = None,
    stack: Annotated[
        int | None,
        typer.Option("--stack", min=1, help="Largest number of runs in a stack.", show_default="as many as save time"),
    ] = None,
    executor: Annotated[
        Literal["local", "dask"], typer.Option("--executor", help="Where stacks are trained.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option("--address", help="A Dask scheduler, such as tcp://host:8786.", show_default=False)
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option("--max-failures", min=1, help="Stop after this many failures.", show_default="never")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop after the first failure.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed runs again.")] = False,
    restart: RestartSweep = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Allow a plan of very many runs.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train every combination of the given values; finished runs are skipped.

    Small networks of one structure are trained together. The same command again
    trains only what is missing; more seeds or values extend the sweep.
    """
    read = sweep_file.read_definition if sweep_file.is_sweep_file(spec) else parse_command
    definition = read(spec, words or [])
    limits = SchedulerLimits(1 if fail_fast else max_failures)
    jobs = jobs or choose_worker_count(definition)
    options = SweepOptions(make_executor_factory(executor, address, jobs), stack, limits, retry_failed, restart, yes)
    if plan:
        print_sweep_plan(definition, runs, options, jobs, json=json)
    else:
        run_with_display(definition, runs, options, json=json, quiet=quiet)


def print_sweep_plan(definition: SweepDefinition, runs: Path, options: SweepOptions, jobs: int, *, json: bool) -> None:
    """Show what a sweep would do."""
    if not json:
        show_base_notices(definition)
    print_plan(plan_sweep(definition, runs, yes=options.yes), jobs, options.max_stack, json=json)


def run_with_display(
    definition: SweepDefinition, runs: Path, options: SweepOptions, *, json: bool, quiet: bool
) -> None:
    """Train the runs of a sweep and show the results; exits with 3 if a run failed."""
    if not (json or quiet):
        show_base_notices(definition)
        options = replace(options, notify=lambda text: err.print(text, style="yellow", markup=False))
    try:
        with make_sweep_watch(quiet=quiet or json) as watch:
            found = run_sweep(definition, runs, options, watch)
    except Interrupted as stopped:
        command = shlex.join(["nnexp", *sys.argv[1:]])
        raise Interrupted(f"{stopped}. To go on:\n  {command}", stopped.signal) from None
    if json:
        print_json(_make_document(found))
    else:
        _print_sweep(found, quiet=quiet)
    failures = found.progress.count_runs("failed") + found.progress.count_runs("diverged")
    if failures or not found.is_complete or any(entry.state == "failed" for entry in found.ensembles):
        raise typer.Exit(3)


def show_base_notices(definition: SweepDefinition) -> None:
    """What a user should know of the base spec, told once and not for each run."""
    base = build_base(definition)
    if base:
        show_notices(notices(base, definition.base.place.text.name))


def make_executor_factory(name: str, address: str | None, jobs: int) -> Callable[[], Executor]:
    """What makes the executor of this name."""
    if name == "local":
        if address:
            raise UsageError("--address is for --executor dask")
        return lambda: LocalExecutor(jobs)
    from nnexp.sweeps.executors.dask.executor import DaskExecutor  # imports Dask, an optional extra

    return lambda: DaskExecutor(address, jobs)


def _make_document(found: SweepState) -> dict[str, object]:
    """The sweep for a program."""
    progress = found.progress
    document: dict[str, object] = {
        "sweep": str(found.path),
        "complete": found.is_complete,
        "objective": _make_objective_document(progress) if progress.is_ranked else None,
        "runs": [_make_run_document(run, progress) for run in progress.runs],
    }
    if found.ensembles:
        document["ensembles"] = [_make_ensemble_document(entry, progress.objective) for entry in found.ensembles]
    return document


def _make_objective_document(progress: SweepProgress) -> dict[str, object]:
    return {"metric": progress.objective.metric, "maximize": progress.objective.sign > 0}


def _make_run_document(run: PlannedRun, progress: SweepProgress) -> dict[str, object]:
    """A run for a program, with the outcome of its last attempt."""
    outcomes = progress.outcomes.get(run.run)
    return {
        "run": run.run,
        "seed": run.seed,
        "fold": run.fold,
        "member": run.member,
        "values": dict(run.values),
        "state": progress.find_state(run.run),
        "metrics": dict(outcomes[-1].metrics) if outcomes else {},
        "error": outcomes[-1].error if outcomes else "",
    }


def _make_ensemble_document(entry: EnsembleStatus, objective: SweepObjective) -> dict[str, object]:
    """An ensemble for a program."""
    first = entry.members.runs[0]
    return {
        "run": entry.run,
        "seed": first.seed,
        "fold": first.fold,
        "values": dict(first.values),
        "state": entry.state,
        "error": entry.error,
        "members": [run.run for run in entry.members.runs],
        "metrics": entry.collect_metrics(),
        "members_mean": entry.collect_member_means(),
        objective.metric: compare_with_members(entry, objective),
    }


def _print_sweep(found: SweepState, *, quiet: bool) -> None:
    """The variants, what failed, and where the sweep is."""
    progress = found.progress
    out.print(render_variants(progress, out.width))
    if found.ensembles:
        out.print(render_ensembles(found.ensembles, progress.objective, out.width))
    if not quiet:
        print_duplicates(found, err)
    _print_failures(found)
    best = progress.find_best_run()
    if best:
        out.print(f"best run: {best[0].run}", markup=False)
    if not progress.is_ranked:
        out.print(f"not ranked: {NO_DEV_PART}\n  to rank, {DEV_ADVICE}", markup=False)
    out.print(f"{format_state_counts(progress)}; table in {found.path / 'sweep.csv'}", markup=False)
    if found.elapsed_seconds and found.estimated_seconds and not quiet:
        took, estimate = format_duration(found.elapsed_seconds), format_duration(found.estimated_seconds)
        err.print(f"took {took} (estimate: {estimate})")


def _print_failures(found: SweepState) -> None:
    """What failed and why; an error that many runs share is told once."""
    told: dict[str, str] = {}
    for outcome in chain.from_iterable(found.progress.outcomes.values()):
        if outcome.state == "failed":
            told[outcome.error] = outcome.run
    for error, run in told.items():
        err.print(f"{run} failed: {error}", style="red", markup=False)
    for entry in found.ensembles:
        if entry.error:
            err.print(f"{entry.run} could not be made: {entry.error}", style="red", markup=False)
    if not found.is_complete:
        err.print("stopped: too many runs failed", style="red")
