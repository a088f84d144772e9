"""Means with their intervals and the runs that they are means of, as rows of a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from nnexp.reports.report import Report
from nnexp.reports.tables import format_mean
from nnexp.reports.variants import Variant
from nnexp.statistics.means import MeanInterval


@dataclass(frozen=True, slots=True)
class VariantEstimate:
    """A variant: its mean, the values of its runs, and those of the parameters that vary; `text` says the mean."""

    variant: str
    mean: MeanInterval
    run_values: tuple[float, ...]
    text: str
    levels: tuple[Any, ...] = ()


def make_estimates(
    variants: Iterable[Variant], report: Report, parameters: Sequence[str] = ()
) -> list[VariantEstimate]:
    """Variants by the metric of a report, with their values of these parameters."""
    metric, estimates = report.measure.metric, []
    for variant in variants:
        mean = variant.compute_mean(metric)
        text = format_mean(mean, share=report.measure.is_share)
        # In the order of the parameters, by which figures name their axes.
        levels = tuple(map(variant.cells.__getitem__, parameters))
        estimates.append(VariantEstimate(variant.label, mean, variant.list_finite_values(metric), text, levels))
    return estimates


def find_unit(variants: Iterable[Variant]) -> str:
    """What the runs of each of these variants differ in."""
    if all(variant.configuration.folds for variant in variants):
        return "fold"
    return "seed"


def list_levels(found: Sequence[VariantEstimate]) -> list[tuple[Any, ...]]:
    """The values of each parameter, one for each variant."""
    return list(zip(*map(attrgetter("levels"), found), strict=True))


@dataclass(frozen=True, slots=True)
class EstimateRows:
    """Rows of the means, of those of them that have an interval, and of the single runs."""

    means: list[dict[str, Any]]
    intervals: list[dict[str, Any]]
    runs: list[dict[str, Any]]


def make_estimate_rows(found: Sequence[VariantEstimate], **places: Sequence[Any]) -> EstimateRows:
    """The rows. places: columns with an entry for each variant, by which a figure places it."""
    rows = EstimateRows([], [], [])
    for one, *place in zip(found, *places.values(), strict=True):
        mean, key = one.mean, dict(zip(places, place, strict=True))
        numbers = {"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n}
        rows.means.append({**key, **numbers, "text": one.text})
        if mean.low is not None:
            rows.intervals.append(rows.means[-1])
        rows.runs.extend({**key, "value": value} for value in one.run_values)
    return rows
