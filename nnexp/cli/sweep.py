"""nnexp sweep"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nnexp.cli.options import Json, Quiet, RunsDir

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnexp.sweep.executors.base import Executor
    from nnexp.sweep.session import Sweep


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
    from nnexp.cli.render import print_json
    from nnexp.cli.sweep_plan import show_plan
    from nnexp.cli.sweep_table import watching
    from nnexp.errors import Interrupted
    from nnexp.sweep import reading, session
    from nnexp.sweep.conductor import Limits
    from nnexp.sweep.words import from_command

    read = reading.from_file if reading.is_sweep(spec) else from_command
    definition = read(spec, words or [])
    if plan:
        show_plan(session.planned(definition, runs, yes=yes), jobs or session.cores(), stack, json=json)
        return
    limits = Limits(1 if fail_fast else max_failures)
    options = session.Options(_executor(executor, address, jobs), stack, limits, retry_failed, yes)
    try:
        with watching(quiet=quiet or json) as watch:
            found = session.sweep(definition, runs, options, watch)
    except Interrupted as stopped:
        raise Interrupted(f"{stopped}. The same command goes on.", stopped.signal) from None
    if json:
        print_json(_document(found))
    else:
        _show(found, quiet=quiet)
    if not found.complete or found.board.count("failed") or found.board.count("diverged"):
        raise typer.Exit(3)


def _executor(name: str, address: str | None, jobs: int | None) -> Callable[[], Executor]:
    """What makes the executor of this name."""
    from nnexp.errors import UsageError
    from nnexp.sweep.session import cores

    if name == "local":
        if address:
            raise UsageError("--address is for --executor dask")
        from nnexp.sweep.executors.local import Local

        return lambda: Local(jobs or cores())
    from nnexp.sweep.executors.dask import Dask

    return lambda: Dask(address, jobs or cores())


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
                "values": dict(run.values),
                "state": board.state(run.run),
                "metrics": dict(board.known[run.run][-1].metrics) if board.known.get(run.run) else {},
                "error": board.known[run.run][-1].error if board.known.get(run.run) else "",
            }
            for run in board.runs
        ],
    }


def _show(found: Sweep, *, quiet: bool) -> None:
    """The variants, what went wrong, and where the sweep is."""
    from nnexp.cli.render import err, out
    from nnexp.cli.sweep_table import variants
    from nnexp.sweep.session import standing

    board = found.board
    out.print(variants(board, out.width))
    if found.same and not quiet:
        err.print(f"{found.same} points of the plan are the same run as another; it was trained once")
    errors = {r.error: r for receipts in board.known.values() for r in receipts if r.state == "failed"}
    for error, receipt in errors.items():
        err.print(f"{receipt.run} failed: {error}", style="red", markup=False)
    if not found.complete:
        err.print("stopped: too many runs failed", style="red")
    best = board.best()
    if best:
        out.print(f"best run: {best[0].run}", markup=False)
    out.print(f"{standing(board)}; table in {found.path / 'sweep.csv'}", markup=False)
