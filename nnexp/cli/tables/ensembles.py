"""The ensembles of a sweep as a table: what averaging gains over the members."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nnexp.cli.console import fit_table, format_metric
from nnexp.cli.tables.sweep import format_values, list_varied_keys
from nnexp.sweeps.planning.labels import shorten_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from nnexp.sweeps.definition.settings import SweepObjective
    from nnexp.sweeps.running.ensembles import EnsembleStatus


def compare_with_members(entry: EnsembleStatus, objective: SweepObjective) -> dict[str, float]:
    """The objective of an ensemble beside that of its members.

    gain: by how much the ensemble is better than the members' mean, whichever way is better. {} where it is not made.
    """
    if entry.state != "done":
        return {}
    metric = objective.metric
    members = [metrics[metric] for metrics in entry.list_member_metrics()]
    known = [value for value in members if not math.isnan(value)]
    best = max(known, key=lambda value: objective.sign * value) if known else math.nan
    mean, own = entry.collect_member_means()[metric], entry.collect_metrics()[metric]
    return {"members_mean": mean, "best_member": best, "ensemble": own, "gain": objective.sign * (own - mean)}


def render_ensembles(found: Sequence[EnsembleStatus], objective: SweepObjective, width: int) -> Table:
    """One row an ensemble: what varies, seed, fold, the members' mean, the best member, the ensemble and its gain."""
    firsts = [entry.members.runs[0] for entry in found]
    columns = list_varied_keys(firsts)
    names = shorten_names(columns)
    cells = {names[c]: format_values([run.values.get(c, "") for run in firsts]) for c in columns}
    cells = {"ensemble of": [_format_kind(entry) for entry in found], **cells}
    if len({run.seed for run in firsts}) > 1:
        cells["seed"] = [str(run.seed) for run in firsts]
    if firsts[0].fold is not None:
        cells["fold"] = [str(run.fold) for run in firsts]
    compared = [compare_with_members(entry, objective) for entry in found]
    for key, header in {"members_mean": "members' mean", "best_member": "best member", "ensemble": "ensemble"}.items():
        cells[header] = [format_metric(objective.metric, row[key]) if row else "-" for row in compared]
    cells["gain"] = [_format_gain(row, objective.metric) for row in compared]
    cells["run"] = [entry.run if entry.state == "done" else entry.state for entry in found]
    return fit_table(cells, ("run",), width)


def _format_gain(compared: Mapping[str, float], metric: str) -> str:
    """By how much an ensemble is better than its members are on average, with the sign; - if it is not done."""
    if not compared:
        return "-"
    sign = "+" if compared["gain"] > 0 else ""  # format_metric writes a minus by itself
    return sign + format_metric(metric, compared["gain"])


def _format_kind(entry: EnsembleStatus) -> str:
    kind = entry.members.settings
    if kind.members:
        return f"{kind.member_count} members"
    return f"{kind.member_count} {'resamples' if kind.bagging else 'snapshots'}"
