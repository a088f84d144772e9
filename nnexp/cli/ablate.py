"""nnexp ablate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nnexp.cli.options import Json, Overrides, Quiet, RunsDir, SpecPath
from nnexp.cli.sweep import carry_out, executor_of, show_plan_of


def ablate(
    spec: SpecPath,
    overrides: Overrides = None,
    runs: RunsDir = Path("runs"),
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Seeds of each variant.")] = 5,
    plan: Annotated[bool, typer.Option("--plan", help="Show the variants and what they will take.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Worker processes.", show_default="one a core")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What each part of a spec is good for: variants without it, or with another in its place, the same seeds for all.

    No batch norm, no dropout, no penalty, SGD for Adam, ...: what can be left out is read from the spec.
    """
    from nnexp.sweeps import session
    from nnexp.sweeps.ablation import ablation
    from nnexp.sweeps.session import Options
    from nnexp.sweeps.words import from_command

    definition = ablation(from_command(spec, overrides or []), seeds)
    jobs = jobs or session.workers(definition)
    options = Options(executor_of("local", None, jobs))
    if plan:
        show_plan_of(definition, runs, options, jobs, json=json)
    else:
        carry_out(definition, runs, options, json=json, quiet=quiet)
