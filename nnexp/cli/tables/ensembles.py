"""The ensembles of a sweep as a table: what averaging gains over the members."""

from __future__ import annotations

import math
from itertools import filterfalse
from operator import itemgetter
from typing import TYPE_CHECKING

from nnexp.cli.console import fit_table, gather_columns
from nnexp.cli.tables.sweep import format_values, list_varied_keys
from nnexp.metrics.names import format_metric
from nnexp.sweeps.planning.labels import shorten_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from nnexp.sweeps.definition.settings import SweepObjective
    from nnexp.sweeps.running.ensembles import EnsembleStatus


def compare_with_members(entry: EnsembleStatus, objective: SweepObjective) -> dict[str, float]:
    """The objective of an ensemble beside that of its members.

    gain: by how much the ensemble is better than the members' mean, whichever way is better. The best member is named
    where there is a dev part to choose it by. {} where the ensemble is not made.
    """
    if entry.state != "done":
        return {}
    metric = objective.metric
    members = map(itemgetter(metric), entry.list_member_metrics())
    # A member that has no value is none to choose.
    known = list(filterfalse(math.isnan, members))
    mean, own = entry.collect_member_means()[metric], entry.collect_metrics()[metric]
    compared = {"members_mean": mean, "ensemble": own, "gain": objective.sign * (own - mean)}
    if not metric.startswith("test_"):
        compared["best_member"] = max(known, key=lambda value: objective.sign * value, default=math.nan)
    return compared


def render_ensembles(found: Sequence[EnsembleStatus], objective: SweepObjective, width: int) -> Table:
    """One row an ensemble: what varies, seed, fold, the members' mean, the best member, the ensemble and its gain."""
    firsts = [entry.members.runs[0] for entry in found]
    columns = list_varied_keys(firsts)
    names = shorten_names(columns)
    cells = {"ensemble of": list(map(_format_kind, found))}
    for key in columns:
        cells[names[key]] = format_values([run.values.get(key, "") for run in firsts])
    cells |= gather_columns(_format_result(entry, objective) for entry in found)
    # A column that says the same in each row says nothing.
    if len(set(cells["seed"])) == 1:
        del cells["seed"]
    if firsts[0].fold is None:
        del cells["fold"]
    return fit_table(cells, ("run",), width)


def _format_result(entry: EnsembleStatus, objective: SweepObjective) -> dict[str, str]:
    """What came out, by column; - where the ensemble is not made, and its state in place of its run."""
    first, compared = entry.members.runs[0], compare_with_members(entry, objective)
    origin = {"seed": str(first.seed), "fold": str(first.fold)}
    if not compared:
        return origin | dict.fromkeys(("members' mean", "best member", "ensemble", "gain"), "-") | {"run": entry.state}
    metric, gain = objective.metric, compared["gain"]
    sign = "+" if gain > 0 else ""  # format_metric writes a minus by itself
    return origin | {
        "members' mean": format_metric(metric, compared["members_mean"]),
        "best member": format_metric(metric, compared["best_member"]) if "best_member" in compared else "-",
        "ensemble": format_metric(metric, compared["ensemble"]),
        "gain": sign + format_metric(metric, gain),
        "run": entry.run,
    }


def _format_kind(entry: EnsembleStatus) -> str:
    kind = entry.members.settings
    if kind.members:
        return f"{kind.member_count} members"
    if kind.bagging:
        return f"{kind.member_count} resamples"
    return f"{kind.member_count} snapshots"
