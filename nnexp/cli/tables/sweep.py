"""The table of a sweep: its variants, best first."""

from __future__ import annotations

import math
from itertools import chain
from statistics import stdev
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from nnexp.cli.console import err, fit_table, gather_columns
from nnexp.metrics.names import format_metric
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


def render_variants(progress: SweepProgress, width: int, most: int | None = None) -> Table:
    """One row a variant, the best first: what varies, how many runs are done, mean, standard deviation and extremes.

    Of a cross-validation they are those of the folds, each of which stands for the mean of its runs. Where nothing is
    ranked, variants stand in the order of the plan.
    """
    variants = list(progress.group_by_variant().values())
    places = list(range(len(variants)))
    if progress.is_ranked:
        places.sort(key=lambda place: _rank_variant(progress, variants[place]))
    places = places[:most]
    cells = {}
    # By all variants, so that the first ones have the columns of the whole table.
    for name, values in build_columns([runs[0].values for runs in variants]).items():
        cells[name] = format_values(list(map(values.__getitem__, places)))
    if not cells:
        cells["variant"] = ["base"] * len(places)
    cells |= gather_columns(_format_result(progress, variants[place]) for place in places)
    if not any(cells["not done"]):
        del cells["not done"]
    return fit_table(cells, ("min", "max", _name_std(progress), "not done"), width)


def _name_std(progress: SweepProgress) -> str:
    if any(run.fold is not None for run in progress.runs):
        return "std over folds"
    return "std"


def _format_result(progress: SweepProgress, runs: Sequence[PlannedRun]) -> dict[str, str]:
    """What a variant came to, by column; - for what takes more values than there are."""
    metric = progress.objective.metric
    states = [progress.find_state(run.run) for run in runs]
    values = _list_values(progress, runs)
    mean = std = low = high = "-"
    if values:
        mean = format_metric(metric, sum(values) / len(values))
        low = format_metric(metric, min(values))
        high = format_metric(metric, max(values))
    if len(values) > 1:
        std = format_metric(metric, stdev(values))
    return {
        "done": f"{states.count('done')}/{len(runs)}",
        "not done": _describe_unfinished(progress, runs, states),
        metric: mean,
        _name_std(progress): std,
        "min": low,
        "max": high,
    }


def _rank_variant(progress: SweepProgress, runs: Sequence[PlannedRun]) -> tuple[bool, bool, float]:
    """The best first; those with a run that failed after those without, and those without a value last."""
    lost = any(progress.find_state(run.run) in ("diverged", "failed") for run in runs)
    value = progress.average_objective(runs)
    # Of a NaN no comparison holds, and sorting would leave any order.
    if math.isnan(value):
        return True, lost, 0.0
    return False, lost, -progress.objective.sign * value


def _list_values(progress: SweepProgress, runs: Sequence[PlannedRun]) -> list[float]:
    """The objective of each run that is done; where there are folds, of each fold, the mean over its runs."""
    folds: dict[int | str, list[float]] = {}
    for run in runs:
        outcome = find_ended_outcome(progress.outcomes, run.run)
        if outcome is None or outcome.state != "done":
            continue
        value = find_metric(progress.objective.metric, outcome)
        if not math.isnan(value):
            folds.setdefault(run.run if run.fold is None else run.fold, []).append(value)
    return [sum(values) / len(values) for values in folds.values()]


def _describe_unfinished(progress: SweepProgress, runs: Sequence[PlannedRun], states: Sequence[str]) -> str:
    """How many runs of a variant diverged, failed or were pruned, and at which epoch."""
    words = []
    for state in ("diverged", "failed", "pruned"):
        count = states.count(state)
        if count:
            words.append(f"{count} {state}")
    if "pruned" in states:
        outcomes = chain.from_iterable(progress.outcomes.get(run.run, []) for run in runs)
        words[-1] += f" at {max(outcome.epochs for outcome in outcomes)}"
    return ", ".join(words)


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
    texts = list(map(format_cell, values))
    return list(map(escape, shorten_distinctly(texts, MAX_VALUE_CHARACTERS)))
