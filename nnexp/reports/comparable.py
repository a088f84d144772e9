"""Whether runs can stand beside one another: the same data, the same metrics, the same objective."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nnexp.errors import UsageError
from nnexp.metrics.names import is_share, larger_is_better
from nnexp.reports.collect import CollectedRuns
from nnexp.reports.columns import list_keys
from nnexp.reports.layer_lists import get_component_name
from nnexp.reports.rows import PART_NAMES, RunRow
from nnexp.spec.aliases import suggest_metric
from nnexp.spec.loss_notes import list_plain_loss_notes
from nnexp.spec.yaml import format_flow
from nnexp.statistics.verdicts import RankingMetric
from nnexp.sweeps.definition.settings import SweepObjective

MAX_GROUPS = 5
"""Groups of runs that differ which a message lists."""

DEV_ADVICE = "to rank runs, give them a dev part, as with data.split.dev=0.1"
"""What to do where nothing may choose."""

FINGERPRINT_CHARACTERS = 12
"""Enough of a SHA-256 that no two data sets share it."""


def choose_metric(found: CollectedRuns, metric: str | None = None) -> RankingMetric:
    """What the runs are ranked by: what is asked for, the sweep's objective, else dev accuracy or loss.

    Where there is no dev part it is a metric that is only shown. Raises UsageError where no run has such a metric.
    """
    known = list_metrics(found.rows)
    if metric is not None and metric not in known:
        raise UsageError(f"no run has the metric {metric!r}; {suggest_metric(metric, known)}")
    objectives = list_objectives(found)
    chosen = metric
    # An earlier version let an objective be of the test part, which may not choose.
    if chosen is None and objectives and objectives[0].metric in known and not is_of_test_part(objectives[0].metric):
        chosen = objectives[0].metric
    ranks = chosen is not None and not is_of_test_part(chosen)
    if chosen is None:
        chosen = _choose_usual_metric(known)
        ranks = chosen.startswith("dev_")
    larger = larger_is_better(chosen)
    # The first sweep that ranks by this metric says which way: a user may want the largest of a metric of their own.
    for objective in reversed(objectives):
        if objective.metric == chosen:
            larger = objective.sign > 0
    return RankingMetric(chosen, larger, is_share(chosen), ranks=ranks)


def is_of_test_part(metric: str) -> bool:
    """Whether a metric is of the test part, which shows how good a choice is and makes none."""
    return metric.startswith("test_")


def refuse_test_metric(option: str, metric: str, known: Sequence[str]) -> None:
    """Raises UsageError where an option would choose variants by a metric of the test part."""
    if not is_of_test_part(metric):
        return
    on_dev = f"dev_{metric.removeprefix('test_')}"
    advice = f"write {on_dev}; the test part is shown beside it" if on_dev in known else DEV_ADVICE
    raise UsageError(
        f"{option}: {metric} would choose by the test part, which is there to judge what was chosen; {advice}"
    )


def list_objectives(found: CollectedRuns) -> list[SweepObjective]:
    """The different objectives that the sweeps declare."""
    return list(dict.fromkeys(sweep.objective for sweep in found.sweeps if sweep.objective))


def list_metrics(rows: Sequence[RunRow]) -> list[str]:
    """The metrics that any run has."""
    return list_keys(row.metrics for row in rows)


def find_test_metric(metric: str) -> str:
    """The same metric on the test part."""
    part, _, name = metric.partition("_")
    if part not in PART_NAMES:
        return metric
    return f"test_{name}"


def _choose_usual_metric(known: Sequence[str]) -> str:
    """The metric to rank by where none is named: an accuracy, else the loss; dev before test, and training last."""
    for part in ("dev", "test", "train"):
        of_part = [name for name in known if name.startswith(f"{part}_")]
        if of_part:
            # Of several that are as good, the first: `min` keeps the order of the metrics.
            return min(of_part, key=lambda name: ("accuracy" not in name, name.partition("_")[2] != "loss"))
    return "dev_loss"


def find_differences(found: CollectedRuns, measured: RankingMetric, *, asked: bool) -> list[str]:
    """In what the runs differ that keeps them from being compared; nothing where they can be.

    asked: whether the user named the metric.
    """
    # Only runs with results are compared; what the others would have been does not matter.
    done = [row for row in found.rows if row.state == "done"]
    objectives = list_objectives(found)
    differences = _describe_groups("data", _unify_data(done), _describe_data)
    # A sweep may vary the split on purpose.
    if not found.is_single_sweep:
        differences += _describe_groups("splits", done, _describe_split)
    if len(objectives) > 1 and not asked:
        differences.append(f"the objectives of the sweeps: {', '.join(map(_format_objective, objectives))}")
    without = [row.run for row in done if measured.metric not in row.metrics]
    if without and len(without) < len(done):
        verb = "has" if len(without) == 1 else "have"
        differences.append(f"the metrics: {_format_runs(without)} {verb} no {measured.metric}")
    # A sweep that declares a loss as its objective wants its runs compared by it, whichever loss they trained.
    if measured.metric.endswith("_loss") and not (found.is_single_sweep and objectives):
        differences += _describe_groups("losses", list(filter(_has_loss, done)), _describe_loss)
    return differences


def _unify_data(rows: Sequence[RunRow]) -> list[RunRow]:
    """The rows, those of the same files with the same fingerprint: a split may make other numbers of them.

    The levels of a category, for one, are those of the training part.
    """
    fingerprints: dict[str, str] = {}
    return [replace(row, data=fingerprints.setdefault(row.files or row.data, row.data)) for row in rows]


def _describe_data(row: RunRow) -> str:
    """The data of a run: their source and the beginning of their fingerprint."""
    source = row.configuration.spec["data"].get("source", "")
    return f"{get_component_name(source)} {row.data[:FINGERPRINT_CHARACTERS]}"


def _describe_split(row: RunRow) -> str:
    """How a run's data were split, in the words of a spec."""
    split = row.configuration.spec["data"]["split"]
    return format_flow({key: value for key, value in split.items() if value is not None})


def _has_loss(row: RunRow) -> bool:
    """Whether a run was trained with a loss of its spec's choice."""
    return "loss" in row.configuration.spec and not row.configuration.is_baseline


def _describe_loss(row: RunRow) -> str:
    spec = row.configuration.spec
    return ", ".join([str(spec["loss"]), *list_plain_loss_notes(spec)])


def _describe_groups(what: str, rows: Sequence[RunRow], key: Callable[[RunRow], str]) -> list[str]:
    """A line where the rows fall into several groups: which, how many are in each, and one of them."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row.run)
    if len(groups) < 2:
        return []
    listed = [f"{name} ({_format_runs(runs)})" for name, runs in groups.items()]
    if len(listed) > MAX_GROUPS:
        listed[MAX_GROUPS:] = ["..."]
    return [f"the {what}: {', '.join(listed)}"]


def _format_runs(runs: Sequence[str]) -> str:
    if len(runs) == 1:
        return runs[0]
    return f"{runs[0]} and {len(runs) - 1} more"


def _format_objective(objective: SweepObjective) -> str:
    if objective.sign > 0:
        return f"maximize {objective.metric}"
    return f"minimize {objective.metric}"
