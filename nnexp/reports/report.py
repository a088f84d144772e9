"""A report: the variants of runs and sweeps, the best first, and what can be said of their differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import UsageError
from nnexp.reports import columns
from nnexp.reports.collect import CollectedRuns, collect_runs
from nnexp.reports.comparable import choose_metric, find_differences, find_test_metric, list_metrics
from nnexp.reports.filters import VariantFilter
from nnexp.reports.health import HealthSummary, summarize_health
from nnexp.reports.labels import format_cell, make_labels
from nnexp.reports.rows import RunRow, VariantConfiguration
from nnexp.reports.tables import build_frame, format_sentences
from nnexp.reports.variants import Variant
from nnexp.statistics.verdicts import RankingMetric, Verdict, compute_verdicts
from nnexp.wording import suggest_nearest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    headers: of the columns that tell variants apart. mixed: in what the runs differ that keeps them from being
    compared. problems: what could not be read. baseline: the variant that the others are compared with, if one was
    named. health: what is wrong with the best variant, and with what did not come to its end.
    """

    measure: RankingMetric
    headers: tuple[str, ...]
    variants: tuple[Variant, ...]
    mixed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sweeps: tuple[Path, ...] = ()
    baseline: Variant | None = None
    verdicts: tuple[Verdict, ...] = field(default=(), repr=False)
    health: tuple[HealthSummary, ...] = field(default=(), repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """A row a variant, in numbers: what tells it from the others, means with their intervals, times and state."""
        return build_frame(self)

    @property
    def sentences(self) -> list[str]:
        """What the seeds show, and what is wrong with the runs."""
        return format_sentences(self)

    @property
    def test_metric(self) -> str:
        """The metric on the test part."""
        return find_test_metric(self.measure.metric)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a report is asked for: the metric and not the usual one, in which order, which variants, beside which one."""

    metric: str | None = None
    sort: str | None = None
    filter: str | None = None
    baseline: str | None = None
    mixed: bool = False


def build_report(names: Sequence[str], root: Path, wish: ReportOptions | None = None) -> Report:
    """The report of what the names mean.

    Raises UsageError where a name or a wish means nothing, or runs cannot be compared, RunError where none can be read.
    """
    wish = wish or ReportOptions()
    condition = VariantFilter(wish.filter) if wish.filter is not None else None
    found = collect_runs(names, root)
    everything = group_by_variant(found)
    if condition:
        everything = _filter_variants(everything, condition, found)
    kept = replace_rows(found, everything)
    measured = choose_metric(kept, wish.metric)
    differences = find_differences(kept, measured, asked=wish.metric is not None)
    if differences and not wish.mixed:
        lines = "".join(f"\n  {line}" for line in differences)
        raise UsageError(f"these runs cannot be compared as they are; they differ in{lines}\n--mixed reports them")
    everything = add_cells(everything, kept)
    ranked = sorted(everything, key=lambda variant: compute_rank(variant, measured))
    baseline = find_baseline(ranked, wish.baseline) if wish.baseline is not None else None
    made = Report(
        measured,
        tuple(ranked[0].cells),
        tuple(sort_variants(ranked, wish.sort, measured) if wish.sort else ranked),
        tuple(differences),
        tuple(found.problems),
        tuple(sweep.path for sweep in found.sweeps),
        baseline,
    )
    return replace(
        made, verdicts=tuple(compare_ranked(ranked, baseline, measured)), health=tuple(summarize_health(ranked))
    )


def group_by_variant(found: CollectedRuns) -> list[Variant]:
    """The rows by variant, without cells yet."""
    groups: dict[str, list[RunRow]] = {}
    for row in found.rows:
        groups.setdefault(row.configuration.key, []).append(row)
    parameters = {key: columns.list_parameters(rows[0].configuration) for key, rows in groups.items()}
    return [Variant(rows[0].configuration, tuple(rows), parameters[key]) for key, rows in groups.items()]


def add_cells(variants: Sequence[Variant], found: CollectedRuns) -> list[Variant]:
    """The variants with the cells that tell them apart."""
    configurations: list[VariantConfiguration] = [variant.configuration for variant in variants]
    if found.is_single_sweep:
        cells = columns.build_sweep_cells(configurations, found.sweeps[0].values)
    else:
        cells = columns.build_cells([variant.parameters for variant in variants])
    each = [{header: values[place] for header, values in cells.items()} for place in range(len(variants))]
    return [
        replace(variant, cells=own, label=label)
        for variant, own, label in zip(variants, each, make_labels(each), strict=True)
    ]


def replace_rows(found: CollectedRuns, variants: Sequence[Variant]) -> CollectedRuns:
    """What was collected, with the rows of these variants alone."""
    return replace(found, rows=[row for variant in variants for row in variant.rows])


def compute_rank(variant: Variant, measured: RankingMetric) -> tuple[bool, float]:
    """The smaller, the better; a variant without a value comes last."""
    value = variant.compute_mean(measured.metric).value
    if math.isnan(value):
        return True, 0.0
    return False, -value if measured.larger_is_better else value


def sort_variants(variants: Sequence[Variant], header: str, measured: RankingMetric) -> list[Variant]:
    """By a column: a metric the best first, anything else from small to large. Raises UsageError for no column."""
    header = {"time": "seconds", "best epoch": "best_epoch"}.get(header, header)
    known = list_metrics([row for variant in variants for row in variant.rows])
    if header in known:
        other = choose_metric(CollectedRuns([row for variant in variants for row in variant.rows]), header)
        wanted = measured if header == measured.metric else other
        return sorted(variants, key=lambda variant: compute_rank(variant, wanted))
    if header not in variants[0].cells and header not in RUN_COLUMNS:
        names = [*variants[0].cells, *RUN_COLUMNS, *known]
        raise UsageError(f"--sort: there is no column {header!r}; {suggest_nearest(header, names)}")
    return sorted(variants, key=lambda variant: _make_sort_key(_find_sort_value(variant, header)))


RUN_COLUMNS = ("n", "best_epoch", "seconds", "state")
"""Columns that are made of the runs, and are no metrics."""


def _find_sort_value(variant: Variant, header: str) -> object:
    if header in variant.cells:
        return variant.cells[header]
    if header == "n":
        return len(variant.done_rows)
    return ", ".join(variant.state_counts) if header == "state" else getattr(variant, header)


def _make_sort_key(value: object) -> tuple[int, float, str]:
    """Numbers first, then words, then nothing."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return (1, 0.0, format_cell(value)) if value not in (None, "") else (2, 0.0, "")


def _filter_variants(variants: list[Variant], condition: VariantFilter, found: CollectedRuns) -> list[Variant]:
    """The variants that are meant. Raises UsageError where a name means nothing, or none is left."""
    names = list_metrics(found.rows)
    flats = [columns.list_parameters(variant.configuration) for variant in variants]
    declared = found.sweeps[0].values if found.is_single_sweep else {}  # noqa: PD011 - no DataFrame
    said = {name for values in (*flats, *declared.values()) for name in values}
    condition.check_names({*said, *names, "n"})
    kept = []
    for variant, flat in zip(variants, flats, strict=True):
        means = {name: variant.compute_mean(name).value for name in names}
        own = declared.get(variant.configuration.key, {})
        if condition.is_match({**means, "n": len(variant.done_rows), **own, **flat}):
            kept.append(variant)
    if not kept:
        raise UsageError("--filter: no variant is so")
    return kept


def find_baseline(variants: Sequence[Variant], name: str) -> Variant:
    """The variant of this name: its label, its kind, one of its cells or one of its runs. Raises UsageError."""
    ways = (
        lambda variant: variant.label == name,
        lambda variant: name in (variant.configuration.kind, variant.cells.get("name"), variant.cells.get("variant")),
        lambda variant: any(row.run == name for row in variant.rows),
    )
    for matches in ways:
        found = [variant for variant in variants if matches(variant)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"--baseline: {name!r} could be {' or '.join(variant.label for variant in found[:5])}")
    raise UsageError(f"--baseline: there is no variant {name!r}; {suggest_nearest(name, [v.label for v in variants])}")


def compare_ranked(variants: Sequence[Variant], baseline: Variant | None, measured: RankingMetric) -> list[Verdict]:
    """The best variant beside each of the others, or each beside the baseline, corrected for all comparisons.

    The best one was found by looking at all pairs, so all pairs count.
    """
    if len(variants) < 2:
        return []
    if baseline is not None:
        others = [variant for variant in variants if variant is not baseline]
        return compare_pairs([(baseline, other) for other in others], measured)
    best, *others = variants
    return compare_pairs([(other, best) for other in others], measured, math.comb(len(variants), 2))


def compare_pairs(
    pairs: Sequence[tuple[Variant, Variant]], measured: RankingMetric, of: int | None = None
) -> list[Verdict]:
    """The verdicts of pairs (A, B)."""
    metric = measured.metric
    folded = all(variant.configuration.folds for pair in pairs for variant in pair)
    differences = [(a.label, b.label, b.compute_difference(a, metric)) for a, b in pairs]
    return compute_verdicts(differences, replace(measured, pair="fold" if folded else "seed"), of)


def make_pairs(variants: Sequence[Variant]) -> list[tuple[Variant, Variant]]:
    """Each variant beside every later one."""
    return list(combinations(variants, 2))
