"""nnexp train"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp import api
from nnexp.cli.commands.diagnose import print_gravest_findings
from nnexp.cli.console import err, format_metric, format_number, make_table, out, print_json, show_notices
from nnexp.cli.options import Json, Overrides, Quiet, RunsDir, SpecPath, Verbose
from nnexp.cli.progress.training import make_training_progress
from nnexp.errors import Interrupted
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.notices import notices
from nnexp.training.speedup import MIN_STEP_SECONDS, measure_speedup
from nnexp.wording import format_count

if TYPE_CHECKING:
    from nnexp.prediction.run import Run


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
    loaded = api.load(spec, overrides or [])
    if verbose:
        err.print(resolved.format_spec(loaded), style="dim", markup=False)
    if not (quiet or json):
        show_notices(notices(loaded, str(spec)))
    try:
        with make_training_progress(quiet=quiet or json) as watch:
            run = api.train(loaded, runs=runs, restart=restart, watch=watch)
    except Interrupted as stopped:
        command = ["nnexp train", str(spec), *(overrides or [])] + (
            [] if runs == Path("runs") else ["--runs", str(runs)]
        )
        raise Interrupted(f"{stopped}. To go on:\n  {_quote_command(command)}", stopped.signal) from None
    if not (watch.has_begun or json or quiet):
        err.print("trained already; --restart trains it again")
    if json:
        diagnosis = None if "baseline" in run.record else run.diagnose().as_dict()
        print_json({"run": str(run.path), **run.record, "diagnosis": diagnosis})
    elif not (quiet and run.state == "diverged"):
        print_run(run)
    if watch.has_begun and not (json or quiet):
        _print_diagnosis(run)
    if watch.has_begun and run.state == "done" and not (json or quiet):
        _advise_threads(run)
    run.raise_if_diverged()


def print_run(run: Run) -> None:
    """The summary of a run that has ended."""
    record = run.record
    if run.state == "done":
        metrics = list(next(iter(run.final.values())))
        parts = make_table("part", "examples", *(name.replace("_", " ") for name in metrics))
        for part, values in run.final.items():
            cells = [format_metric(name, values[name]) for name in metrics]
            parts.add_row(part, f"{record['data']['examples'][part]:,}", *cells)
        out.print(parts)
        out.print(f"{run.name}: {_describe_ending(record)}", markup=False)
    out.print(str(run.path), style="bold", markup=False)


def _describe_ending(record: dict[str, Any]) -> str:
    """How a run that is done came to its end, in words."""
    seconds = format_number(record["seconds"], 1)
    if "baseline" in record:
        return f"{record['baseline']} fitted and evaluated in {seconds} s, {record['parameters']:,} numbers"
    ending = "stopped early after" if record["ending"] == "stopped_early" else "trained for"
    return (
        f"{ending} {format_count(record['epochs'], 'epoch')} in {seconds} s, "
        f"{record['parameters']:,} parameters, weights of epoch {record['weights']['epoch']}"
    )


def _print_diagnosis(run: Run) -> None:
    """Say what was wrong, if anything was."""
    print_gravest_findings(run.diagnose(), err)


def _advise_threads(run: Run) -> None:
    """Say what more BLAS threads would bring, where steps are long enough for them."""
    spec = run.spec
    if isinstance(spec, BaselineSpec) or run.record["seconds"] / run.record["steps"] < MIN_STEP_SECONDS:
        return
    threads = spec.training.threads
    cores, times = measure_speedup(spec, run.parts)
    if cores > threads and times > 1.15:
        err.print(f"With training.threads={cores} instead of {threads} a step would be {times:.1f} times faster.")


def _quote_command(words: list[str]) -> str:
    """A command that can be pasted into a shell."""
    return " ".join([words[0], *(shlex.quote(word) for word in words[1:])])
