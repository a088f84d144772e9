"""nnexp ablate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nnexp.cli.commands.sweep import make_executor_factory, print_sweep_plan, run_with_display
from nnexp.cli.options import Jobs, Json, Overrides, Quiet, RestartSweep, RunsDir, SpecPath
from nnexp.sweeps.definition.ablation import DEFAULT_SEED_COUNT, build_ablation
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.planning.workers import choose_worker_count
from nnexp.sweeps.running.options import SweepOptions


def ablate(
    spec: SpecPath,
    overrides: Overrides = None,
    runs: RunsDir = Path("runs"),
    seeds: Annotated[
        int | None,
        # No default of the option itself: seeds may be given as seed=... instead.
        typer.Option(
            "--seeds",
            min=1,
            help=f"Number of seeds of each variant (default: {DEFAULT_SEED_COUNT}).",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show the variants and the estimated time; train nothing.")
    ] = False,
    jobs: Jobs = None,
    restart: RestartSweep = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a spec without each of its parts in turn, or with another instead.

    So it shows what each part is good for: no batch norm, no dropout, no penalty,
    SGD for Adam, and so on. All variants have the same seeds.
    """
    definition = build_ablation(parse_command(spec, overrides or []), seeds)
    jobs = jobs or choose_worker_count(definition)
    options = SweepOptions(make_executor_factory("local", None, jobs), restart=restart)
    if plan:
        print_sweep_plan(definition, runs, options, jobs, json=json)
    else:
        run_with_display(definition, runs, options, json=json, quiet=quiet)
