"""nnexp train"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp import api
from nnexp.cli.commands.diagnose import print_gravest_findings
from nnexp.cli.console import err, make_table, out, print_json, show_notices
from nnexp.cli.options import Json, Overrides, Quiet, RunsDir, SpecPath, Verbose
from nnexp.cli.progress.training import make_training_progress
from nnexp.cli.tables.thresholds import describe_thresholds
from nnexp.errors import Interrupted, SpecError
from nnexp.execution.run import find_run_without_data
from nnexp.metrics.names import describe_metric, format_metric
from nnexp.prediction.run import Run
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.notices import notices
from nnexp.spec.loss_notes import list_loss_notes
from nnexp.training.speedup import MIN_STEP_SECONDS, measure_speedup
from nnexp.wording import format_count, format_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SPEEDUP = 1.15
"""A gain that is smaller is not worth other bits, and two timings of the same step differ by as much."""


def train(
    spec: SpecPath,
    overrides: Overrides = None,
    runs: RunsDir = Path("runs"),
    restart: Annotated[bool, typer.Option("--restart", help="Discard what was trained and begin again.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train the network, or fit the baseline, that a spec describes.

    The same command again continues an interrupted run, with the same result to
    the last bit, and skips a finished one.
    """
    try:
        loaded = api.load(spec, overrides or [])
    except SpecError as error:
        run = None if restart else _find_run_without_data(spec, overrides or [], runs, error, quiet=quiet or json)
        if run is None:
            raise
        _print_known_run(run, json=json, quiet=quiet)
        return
    if verbose:
        err.print(resolved.format_spec(loaded), style="dim", markup=False)
    if not (quiet or json):
        show_notices(notices(loaded, str(spec)))
    try:
        with make_training_progress(quiet=quiet or json) as watch:
            run = api.train(loaded, runs=runs, restart=restart, watch=watch)
    except Interrupted as stopped:
        words = ["nnexp", "train", str(spec), *(overrides or [])]
        if runs != Path("runs"):
            words += ["--runs", str(runs)]
        raise Interrupted(f"{stopped}. To go on:\n  {shlex.join(words)}", stopped.signal) from None
    if json or quiet or not watch.has_begun:
        _print_known_run(run, json=json, quiet=quiet)
        return
    print_run(run)
    print_gravest_findings(run.diagnose(), err)
    if run.state == "done":
        _advise_threads(run)
    run.raise_if_diverged()


def _find_run_without_data(
    spec: Path, overrides: Sequence[str], runs: Path, error: SpecError, *, quiet: bool
) -> Run | None:
    """The finished run of this very command, where nothing but its data is missing."""
    if not all(problem.of_data for problem in error.problems):
        return None
    with make_training_progress(quiet=quiet) as watch:
        path = find_run_without_data(spec.read_bytes(), overrides, runs, watch)
    return Run(path) if path else None


def _print_known_run(run: Run, *, json: bool, quiet: bool) -> None:
    """A run of which nothing is left to train, or all that is asked for of one that has just been trained."""
    if json:
        diagnosis = None if "baseline" in run.record else run.diagnose().as_dict()
        print_json({"run": str(run.path), **run.record, "diagnosis": diagnosis})
    elif not quiet:
        err.print("already trained; --restart trains it again")
        print_run(run)
    elif run.state != "diverged":
        print_run(run)
    run.raise_if_diverged()


def print_run(run: Run) -> None:
    """The summary of a run that has ended."""
    record = run.record
    if run.state == "done":
        metrics = list(next(iter(run.final.values())))
        parts = make_table("part", "examples", *map(describe_metric, metrics))
        for part, values in run.final.items():
            cells = [format_metric(name, values[name]) for name in metrics]
            parts.add_row(part, f"{record['data']['examples'][part]:,}", *cells)
        out.print(parts)
        for note in list_loss_notes(run.spec):
            out.print(note, markup=False)
        out.print(f"{run.name}: {_describe_ending(record)}", markup=False)
        for line in describe_thresholds(run):
            out.print(line, markup=False)
    out.print(str(run.path), style="bold", markup=False)


def _describe_ending(record: dict[str, Any]) -> str:
    """How a run that is done came to its end, in words."""
    seconds = format_decimal(record["seconds"], 1)
    if "baseline" in record:
        return f"{record['baseline']} fitted and evaluated in {seconds} s, {record['parameters']:,} numbers"
    ending = "stopped early after" if record["ending"] == "stopped_early" else "trained for"
    return (
        f"{ending} {format_count(record['epochs'], 'epoch')} in {seconds} s, "
        f"{record['parameters']:,} parameters, weights of epoch {record['weights']['epoch']}"
    )


def _advise_threads(run: Run) -> None:
    """Say what more BLAS threads would bring, where steps are long enough for them."""
    spec = run.spec
    if isinstance(spec, BaselineSpec) or run.record["seconds"] / run.record["steps"] < MIN_STEP_SECONDS:
        return
    threads = spec.training.threads
    cores, times = measure_speedup(spec, run.parts)
    if cores > threads and times > MIN_SPEEDUP:
        err.print(f"With training.threads={cores} instead of {threads} a step would be {times:.1f} times faster.")
