"""Whether runs can stand beside one another: the same data, the same metrics, the same objective."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nnexp.errors import UsageError
from nnexp.metrics.better import larger_is_better
from nnexp.reports.collect import CollectedRuns
from nnexp.reports.rows import PART_NAMES, RunRow
from nnexp.spec.yaml import format_flow
from nnexp.statistics.verdicts import RankingMetric
from nnexp.sweeps.definition.settings import SweepObjective
from nnexp.wording import suggest_nearest


def choose_metric(found: CollectedRuns, metric: str | None = None) -> RankingMetric:
    """What the runs are ranked by: what is asked for, the sweep's objective, else dev accuracy or loss.

    Raises UsageError where no run has such a metric.
    """
    said = list_objectives(found)
    chosen = said[0] if said else None
    if metric:
        chosen = SweepObjective(maximize=metric)
    known = list_metrics(found.rows)
    if metric is not None and metric not in known:
        raise UsageError(f"no run has the metric {metric!r}; {suggest_nearest(metric, known)}")
    if chosen is None or chosen.metric not in known:
        name = _choose_usual_metric(known)
        return RankingMetric(name, larger_is_better(name), is_share(name))
    declared = next((objective for objective in said if objective.metric == chosen.metric), None)
    larger = declared.sign > 0 if declared else larger_is_better(chosen.metric)
    return RankingMetric(chosen.metric, larger, is_share(chosen.metric))


def list_objectives(found: CollectedRuns) -> list[SweepObjective]:
    """The different objectives that the sweeps declare."""
    return list(dict.fromkeys(sweep.objective for sweep in found.sweeps if sweep.objective))


def list_metrics(rows: Sequence[RunRow]) -> list[str]:
    """The metrics that any run has."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))


def is_share(metric: str) -> bool:
    """Whether a metric is said in percent, and differences of it in percentage points."""
    return "accuracy" in metric or metric.endswith("match")


def find_test_metric(metric: str) -> str:
    """The same metric on the test part."""
    part, _, name = metric.partition("_")
    return f"test_{name}" if part in PART_NAMES else metric


def _choose_usual_metric(known: Sequence[str]) -> str:
    """The metric that is meant where none is said; dev before test, and the training part last."""
    for part in ("dev", "test", "train"):
        here = [name for name in known if name.startswith(f"{part}_")]
        if here:
            loss = f"{part}_loss" if f"{part}_loss" in here else here[0]
            return next((name for name in here if "accuracy" in name), loss)
    return "dev_loss"


def find_differences(found: CollectedRuns, measured: RankingMetric, *, asked: bool) -> list[str]:
    """In what the runs differ that keeps them from being compared; nothing where they can be.

    asked: whether the metric was named. A sweep that declares its objective says
    itself that its runs are compared by it.
    """
    done = [row for row in found.rows if row.state == "done"]
    said = list_objectives(found)
    differences = _describe_groups("data", done, _describe_data)
    if not found.is_single_sweep:
        differences += _describe_groups("splits", done, _describe_split)
    if len(said) > 1 and not asked:
        differences += [
            f"the objectives of the sweeps: {', '.join(_format_objective(objective) for objective in said)}"
        ]
    without = [row.run for row in done if measured.metric not in row.metrics]
    if without and len(without) < len(done):
        differences.append(
            f"the metrics: {_format_runs(without)} {'has' if len(without) == 1 else 'have'} no {measured.metric}"
        )
    if measured.metric.endswith("_loss") and not (found.is_single_sweep and said):
        losses = [row for row in done if "loss" in row.configuration.spec and not row.configuration.is_baseline]
        differences += _describe_groups("losses", losses, lambda row: str(row.configuration.spec["loss"]))
    return differences


def _describe_data(row: RunRow) -> str:
    """The data of a run: their source and the beginning of their fingerprint."""
    source = row.configuration.spec["data"].get("source", "")
    return f"{source if isinstance(source, str) else next(iter(source))} {row.data[:12]}"


def _describe_split(row: RunRow) -> str:
    """How a run's data were split, in the words of a spec."""
    return format_flow(
        {key: value for key, value in row.configuration.spec["data"]["split"].items() if value is not None}
    )


def _describe_groups(what: str, rows: Sequence[RunRow], key: Callable[[RunRow], str]) -> list[str]:
    """A line where the rows fall into several groups: which, how many are in each, and one of them."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row.run)
    if len(groups) < 2:
        return []
    listed = [f"{name} ({_format_runs(runs)})" for name, runs in groups.items()]
    return [f"the {what}: {', '.join(listed[:5])}{', ...' if len(listed) > 5 else ''}"]


def _format_runs(runs: Sequence[str]) -> str:
    return runs[0] if len(runs) == 1 else f"{runs[0]} and {len(runs) - 1} more"


def _format_objective(objective: SweepObjective) -> str:
    return f"{'maximize' if objective.sign > 0 else 'minimize'} {objective.metric}"
