"""The table of a sweep: its variants, best first."""

from __future__ import annotations

import math
from itertools import chain
from statistics import stdev
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from nnexp.cli.console import err, fit_table, format_metric
from nnexp.reports.columns import build_columns
from nnexp.reports.labels import format_cell
from nnexp.sweeps.running.pruning import find_ended_outcome, find_metric
from nnexp.wording import format_count, shorten_distinctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nnexp.sweeps.planning.plan import PlannedRun
    from nnexp.sweeps.running.progress import SweepProgress
    from nnexp.sweeps.running.sweep import SweepState

MAX_VALUE_CHARACTERS = 24
"""Characters of a value."""


def render_variants(board: SweepProgress, width: int, most: int | None = None) -> Table:
    """One row a variant, the best first: what varies, how many runs are done, mean, standard deviation and extremes.

    Of a cross-validation they are those of the folds, each of which stands for the mean of its runs.
    """
    every = list(board.group_by_variant().values())
    places = sorted(range(len(every)), key=lambda place: _rank_variant(board, every[place]))[:most]
    groups = [every[place] for place in places]
    metric = board.objective.metric
    differing = build_columns([runs[0].values for runs in every])
    cells = {name: format_values([values[place] for place in places]) for name, values in differing.items()}
    cells = cells or {"variant": ["base"] * len(groups)}
    values = [_list_values(board, runs) for runs in groups]
    std = "std over folds" if any(run.fold is not None for run in board.runs) else "std"
    cells["done"] = [f"{sum(board.find_state(run.run) == 'done' for run in runs)}/{len(runs)}" for runs in groups]
    cells["not done"] = [_describe_unfinished(board, runs) for runs in groups]
    cells[metric] = [format_metric(metric, sum(v) / len(v)) if v else "-" for v in values]
    cells[std] = [format_metric(metric, stdev(v)) if len(v) > 1 else "-" for v in values]
    cells["min"] = [format_metric(metric, min(v)) if v else "-" for v in values]
    cells["max"] = [format_metric(metric, max(v)) if v else "-" for v in values]
    if not any(cells["not done"]):
        del cells["not done"]
    return fit_table(cells, ("min", "max", std, "not done"), width)


def _rank_variant(board: SweepProgress, runs: Sequence[PlannedRun]) -> tuple[bool, bool, float]:
    """The best first; those with a run that failed after those without, and those without a value last."""
    lost = any(board.find_state(run.run) in ("diverged", "failed") for run in runs)
    value = board.average_objective(runs)
    if math.isnan(value):
        return True, lost, 0.0
    return False, lost, -board.objective.sign * value


def _list_values(board: SweepProgress, runs: Sequence[PlannedRun]) -> list[float]:
    """The objective of each run that is done; where there are folds, of each fold, the mean over its runs."""
    folds: dict[int | str, list[float]] = {}
    for run in runs:
        receipt = find_ended_outcome(board.outcomes, run.run)
        value = find_metric(board.objective.metric, receipt) if receipt and receipt.state == "done" else math.nan
        if not math.isnan(value):
            folds.setdefault(run.run if run.fold is None else run.fold, []).append(value)
    return [sum(values) / len(values) for values in folds.values()]


def _describe_unfinished(board: SweepProgress, runs: Sequence[PlannedRun]) -> str:
    """How many runs of a variant diverged, failed or were pruned, and at which epoch."""
    states = [board.find_state(run.run) for run in runs]
    counts = {state: states.count(state) for state in ("diverged", "failed", "pruned")}
    said = {state: f"{count} {state}" for state, count in counts.items() if count}
    if "pruned" in said:
        outcomes = chain.from_iterable(board.outcomes.get(run.run, []) for run in runs)
        said["pruned"] += f" at {max(outcome.epochs for outcome in outcomes)}"
    return ", ".join(said.values())


def print_duplicates(found: SweepState, console: Console) -> None:
    """How many points of a plan are the same run as another, and which variants are the same network."""
    if not found.duplicate_count:
        return
    points = format_count(found.duplicate_count, "point")
    console.print(f"{points} of the plan: the same run as another, trained once")
    for words, first in found.alike.items():
        err.print(f"  {words} is the same network as {first}", markup=False)


def list_varied_keys(runs: Sequence[PlannedRun]) -> list[str]:
    """The keys of which any of the runs has a value of its own, in the order of the sweep."""
    keys: dict[str, None] = {}
    for run in runs:
        keys |= dict.fromkeys(run.values)
    return list(keys)


def format_values(values: Sequence[Any]) -> list[str]:
    """A column of something that varies, different values told apart where there is room for it."""
    return list(map(escape, shorten_distinctly([format_cell(value) for value in values], MAX_VALUE_CHARACTERS)))
