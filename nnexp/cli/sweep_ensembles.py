"""The ensembles of a sweep as a table: what averaging gains over the members."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nnexp.cli.render import fitted, percent_or_number
from nnexp.cli.sweep_table import value_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from nnexp.sweeps.ensembles import Averaged
    from nnexp.sweeps.sections import Objective


def comparison(entry: Averaged, objective: Objective) -> dict[str, float]:
    """The objective of an ensemble beside that of its members.

    gain: by how much the ensemble is better than the members' mean, whichever way is better. {} where it is not made.
    """
    if entry.state != "done":
        return {}
    metric = objective.metric
    members = [metrics[metric] for metrics in entry.each()]
    known = [value for value in members if not math.isnan(value)]
    best = max(known, key=lambda value: objective.sign * value) if known else math.nan
    mean, own = entry.means()[metric], entry.metrics()[metric]
    return {"members_mean": mean, "best_member": best, "ensemble": own, "gain": objective.sign * (own - mean)}


def ensembles(found: Sequence[Averaged], objective: Objective, width: int) -> Table:
    """One row an ensemble: what varies, seed, fold, the members' mean, the best member, the ensemble and its gain."""
    from nnexp.sweeps.plan import short_names

    firsts = [entry.members.runs[0] for entry in found]
    columns = list(dict.fromkeys(column for run in firsts for column in run.values))
    names = short_names(columns)
    cells = {names[c]: value_cells([run.values.get(c, "") for run in firsts]) for c in columns}
    cells = {"ensemble of": [_kind(entry) for entry in found], **cells}
    if len({run.seed for run in firsts}) > 1:
        cells["seed"] = [str(run.seed) for run in firsts]
    if firsts[0].fold is not None:
        cells["fold"] = [str(run.fold) for run in firsts]
    compared = [comparison(entry, objective) for entry in found]
    for key, header in {"members_mean": "members' mean", "best_member": "best member", "ensemble": "ensemble"}.items():
        cells[header] = [percent_or_number(objective.metric, row[key]) if row else "-" for row in compared]
    signed = [
        ("+" if row["gain"] > 0 else "") + percent_or_number(objective.metric, row["gain"]) if row else "-"
        for row in compared
    ]
    cells["gain"] = signed
    cells["run"] = [entry.run if entry.state == "done" else entry.state for entry in found]
    return fitted(cells, ("run",), width)


def _kind(entry: Averaged) -> str:
    kind = entry.members.kind
    what = "members" if kind.members else "resamples" if kind.bagging else "snapshots"
    return f"{kind.size} {what}"
