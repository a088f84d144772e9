"""nnexp sweep"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nnexp.cli.options import Json, Quiet, RunsDir

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnexp.sweeps.definition import Definition
    from nnexp.sweeps.ensembles import Averaged
    from nnexp.sweeps.executors.base import Executor
    from nnexp.sweeps.sections import Objective
    from nnexp.sweeps.session import Options, Sweep


def sweep(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC|SWEEP", help="A spec, or a sweep file that names one.", show_default=False)
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=A,B,C",
            help="Values to try: lr=1e-3,1e-2 or seed=0..4; one value is fixed.",
            show_default=False,
        ),
    ] = None,
    runs: RunsDir = Path("runs"),
    plan: Annotated[
        bool, typer.Option("--plan", help="Show runs, stacks and what they will take; do nothing.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Worker processes.", show_default="one a core")
    ] = None,
    stack: Annotated[
        int | None, typer.Option("--stack", min=1, help="The most runs in a stack.", show_default="as many as pay")
    ] = None,
    executor: Annotated[
        Literal["local", "dask"], typer.Option("--executor", help="Where stacks are trained.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option("--address", help="A Dask scheduler, such as tcp://host:8786.", show_default=False)
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option("--max-failures", min=1, help="Stop after so many failures.", show_default="never")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop after the first failure.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed runs again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Carry out a plan of very many runs.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the runs of a sweep exist, once each: all combinations of the values, small networks trained together.

    The same command again does what is missing and nothing else; more seeds or values extend the sweep.
    """
    from nnexp.sweeps import reading, session
    from nnexp.sweeps.conductor import Limits
    from nnexp.sweeps.session import Options
    from nnexp.sweeps.words import from_command

    read = reading.from_file if reading.is_sweep(spec) else from_command
    definition = read(spec, words or [])
    limits = Limits(1 if fail_fast else max_failures)
    jobs = jobs or session.workers(definition)
    options = Options(executor_of(executor, address, jobs), stack, limits, retry_failed, yes)
    if plan:
        show_plan_of(definition, runs, options, jobs, json=json)
    else:
        carry_out(definition, runs, options, json=json, quiet=quiet)


def show_plan_of(definition: Definition, runs: Path, options: Options, jobs: int, *, json: bool) -> None:
    """Show what a sweep would do."""
    from nnexp.cli.sweep_plan import show_plan
    from nnexp.sweeps.session import planned

    show_plan(planned(definition, runs, yes=options.yes), jobs, options.most, json=json)


def carry_out(definition: Definition, runs: Path, options: Options, *, json: bool, quiet: bool) -> None:
    """Make the runs of a sweep exist, and show what came of them; exits with 3 where some failed."""
    from nnexp.cli.render import print_json
    from nnexp.cli.sweep_table import watching
    from nnexp.errors import Interrupted
    from nnexp.sweeps import session

    try:
        with watching(quiet=quiet or json) as watch:
            found = session.sweep(definition, runs, options, watch)
    except Interrupted as stopped:
        raise Interrupted(f"{stopped}. The same command goes on.", stopped.signal) from None
    if json:
        print_json(_document(found))
    else:
        _show(found, quiet=quiet)
    lost = any(entry.state == "failed" for entry in found.ensembles)
    if not found.complete or found.board.count("failed") or found.board.count("diverged") or lost:
        raise typer.Exit(3)


def executor_of(name: str, address: str | None, jobs: int) -> Callable[[], Executor]:
    """What makes the executor of this name."""
    from nnexp.errors import UsageError

    if name == "local":
        if address:
            raise UsageError("--address is for --executor dask")
        from nnexp.sweeps.executors.local import Local

        return lambda: Local(jobs)
    from nnexp.sweeps.executors.dask import Dask

    return lambda: Dask(address, jobs)


def _document(found: Sweep) -> dict[str, object]:
    """The sweep for a program."""
    board = found.board
    return {
        "sweep": str(found.path),
        "complete": found.complete,
        "objective": {"metric": board.objective.metric, "maximize": board.objective.sign > 0},
        "runs": [
            {
                "run": run.run,
                "seed": run.seed,
                "fold": run.fold,
                "member": run.member,
                "values": dict(run.values),
                "state": board.state(run.run),
                "metrics": dict(board.known[run.run][-1].metrics) if board.known.get(run.run) else {},
                "error": board.known[run.run][-1].error if board.known.get(run.run) else "",
            }
            for run in board.runs
        ],
        **({"ensembles": [_ensemble(entry, board.objective) for entry in found.ensembles]} if found.ensembles else {}),
    }


def _ensemble(entry: Averaged, objective: Objective) -> dict[str, object]:
    """An ensemble for a program."""
    from nnexp.cli.sweep_ensembles import comparison

    first = entry.members.runs[0]
    return {
        "run": entry.run,
        "seed": first.seed,
        "fold": first.fold,
        "values": dict(first.values),
        "state": entry.state,
        "error": entry.error,
        "members": [run.run for run in entry.members.runs],
        "metrics": entry.metrics(),
        "members_mean": entry.means(),
        objective.metric: comparison(entry, objective),
    }


def _show(found: Sweep, *, quiet: bool) -> None:
    """The variants, what went wrong, and where the sweep is."""
    from nnexp.cli.progress import duration
    from nnexp.cli.render import err, out
    from nnexp.cli.sweep_ensembles import ensembles
    from nnexp.cli.sweep_table import variants
    from nnexp.spec.places import counted
    from nnexp.sweeps.session import standing

    board = found.board
    out.print(variants(board, out.width))
    if found.ensembles:
        out.print(ensembles(found.ensembles, board.objective, out.width))
    if found.same and not quiet:
        err.print(f"{counted(found.same, 'point')} of the plan: the same run as another, which was trained once")
        for words, first in found.alike.items():
            err.print(f"  {words} is the same network as {first}", markup=False)
    errors = {r.error: r for receipts in board.known.values() for r in receipts if r.state == "failed"}
    for error, receipt in errors.items():
        err.print(f"{receipt.run} failed: {error}", style="red", markup=False)
    for entry in found.ensembles:
        if entry.error:
            err.print(f"{entry.run} could not be made: {entry.error}", style="red", markup=False)
    if not found.complete:
        err.print("stopped: too many runs failed", style="red")
    best = board.best()
    if best:
        out.print(f"best run: {best[0].run}", markup=False)
    out.print(f"{standing(board)}; table in {found.path / 'sweep.csv'}", markup=False)
    if found.took and found.estimated and not quiet:
        err.print(f"took {duration(found.took)}, {duration(found.estimated)} was estimated")
