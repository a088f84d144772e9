"""A report: the variants of runs and sweeps, the best first, and what can be said of their differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import UsageError
from nnexp.reports import columns
from nnexp.reports.collect import CollectedRuns, collect_runs
from nnexp.reports.comparable import choose_metric, find_differences, find_test_metric, list_metrics, refuse_test_metric
from nnexp.reports.filters import VariantFilter
from nnexp.reports.health import HealthSummary, summarize_health
from nnexp.reports.labels import format_cell, make_labels
from nnexp.reports.rows import RunRow
from nnexp.reports.tables import build_frame, format_sentences
from nnexp.reports.variants import Variant
from nnexp.statistics.verdicts import RankingMetric, Verdict, compute_verdicts
from nnexp.wording import suggest_nearest

if TYPE_CHECKING:
    import pandas as pd

RUN_COLUMNS = ("n", "best_epoch", "seconds", "state")
"""Columns that are made of the runs, and are no metrics."""

HEADER_NAMES = {"time": "seconds", "best epoch": "best_epoch"}
"""Headers of the printed table, by which users sort, with the names of these columns for programs."""

MAX_CHOICES = 5
"""Variants that a message on an ambiguous name lists."""


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
    def best(self) -> Variant | None:
        """The best variant; None where nothing may choose one, unless there is only one."""
        return find_best(self.variants, self.measure)

    @property
    def table(self) -> pd.DataFrame:
        """A row a variant, in numbers: what tells it from the others, means with their intervals, times and state."""
        return build_frame(self)

    @property
    def sentences(self) -> list[str]:
        """What the seeds show, and what is wrong with the runs."""
        return format_sentences(self)

    @property
    def measured_variants(self) -> list[Variant]:
        """The variants with a value of the metric."""
        return [variant for variant in self.variants if variant.has_mean(self.measure.metric)]

    @property
    def test_metric(self) -> str:
        """The metric on the test part."""
        return find_test_metric(self.measure.metric)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a user chose: the metric to rank by, the column to sort by, which variants, and the one to compare with."""

    metric: str | None = None
    sort: str | None = None
    filter: str | None = None
    baseline: str | None = None
    mixed: bool = False


def build_report(names: Sequence[str], root: Path, options: ReportOptions | None = None) -> Report:
    """The report of what the names mean.

    Raises UsageError where a name or an option means nothing, or runs cannot be compared, RunError where none can be
    read.
    """
    options = options or ReportOptions()
    # The condition is read before the runs: a mistake in it is told at once.
    condition = VariantFilter(options.filter) if options.filter is not None else None
    found = collect_runs(names, root)
    variants = group_by_variant(found)
    if condition:
        variants = _filter_variants(variants, condition, found)
    kept = replace_rows(found, variants)
    measured = choose_metric(kept, options.metric)
    if len(variants) > 1 and options.metric:
        refuse_test_metric("--metric", options.metric, list_metrics(kept.rows))
    differences = find_differences(kept, measured, asked=options.metric is not None)
    if differences and not options.mixed:
        lines = "\n  ".join(differences)
        raise UsageError(f"these runs cannot be compared as they are; they differ in\n  {lines}\n--mixed reports them")
    ranked = sorted(add_cells(variants, kept), key=lambda variant: compute_rank(variant, measured))
    baseline = find_baseline(ranked, options.baseline) if options.baseline is not None else None
    shown = sort_variants(ranked, options.sort, measured) if options.sort else ranked
    return Report(
        measured,
        headers=tuple(ranked[0].cells),
        variants=tuple(shown),
        mixed=tuple(differences),
        problems=tuple(found.problems),
        sweeps=tuple(sweep.path for sweep in found.sweeps),
        baseline=baseline,
        verdicts=tuple(compare_ranked(ranked, baseline, measured)),
        health=tuple(summarize_health(ranked, find_best(ranked, measured))),
    )


def group_by_variant(found: CollectedRuns) -> list[Variant]:
    """The rows by variant, without cells yet."""
    groups: dict[str, list[RunRow]] = {}
    for row in found.rows:
        groups.setdefault(row.configuration.key, []).append(row)
    variants = []
    for rows in groups.values():
        configuration = rows[0].configuration
        variants.append(Variant(configuration, tuple(rows), columns.list_parameters(configuration)))
    return variants


def add_cells(variants: Sequence[Variant], found: CollectedRuns) -> list[Variant]:
    """The variants with the cells that tell them apart."""
    # A sweep says what it varies; of runs from anywhere it has to be found out.
    if found.is_single_sweep:
        configurations = [variant.configuration for variant in variants]
        cells = columns.build_sweep_cells(configurations, found.sweeps[0].values)
    else:
        cells = columns.build_cells([variant.parameters for variant in variants])
    table = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    complete = []
    for variant, row, label in zip(variants, table, make_labels(table), strict=True):
        complete.append(replace(variant, cells=row, label=label))
    return complete


def replace_rows(found: CollectedRuns, variants: Sequence[Variant]) -> CollectedRuns:
    """What was collected, with the rows of these variants alone."""
    return replace(found, rows=list_rows(variants))


def list_rows(variants: Sequence[Variant]) -> list[RunRow]:
    """The runs of several variants, one after the other."""
    return list(chain.from_iterable(variant.rows for variant in variants))


def compute_rank(variant: Variant, measured: RankingMetric) -> tuple[bool, float]:
    """The smaller, the better; a variant without a value comes last. All are alike where nothing is ranked."""
    if not measured.ranks:
        return False, 0.0
    value = variant.compute_mean(measured.metric).value
    # Of a NaN no comparison holds, and sorting would leave any order.
    if math.isnan(value):
        return True, 0.0
    return False, -value if measured.larger_is_better else value


def find_best(variants: Sequence[Variant], measured: RankingMetric) -> Variant | None:
    """The best variant; None where nothing may choose one, unless there is only one."""
    if len(variants) > 1 and not measured.ranks:
        return None
    return min(variants, key=lambda variant: compute_rank(variant, measured))


def sort_variants(variants: Sequence[Variant], header: str, measured: RankingMetric) -> list[Variant]:
    """By a column: a metric the best first, anything else from small to large. Raises UsageError for no column."""
    header = HEADER_NAMES.get(header, header)
    rows = list_rows(variants)
    known = list_metrics(rows)
    if header in known:
        refuse_test_metric("--sort", header, known)
        # The sweep may say which way its own metric is ranked; these rows without their sweep do not.
        wanted = measured if header == measured.metric else choose_metric(CollectedRuns(rows), header)
        return sorted(variants, key=lambda variant: compute_rank(variant, wanted))
    if header not in variants[0].cells and header not in RUN_COLUMNS:
        names = [*variants[0].cells, *RUN_COLUMNS, *known]
        raise UsageError(f"--sort: there is no column {header!r}; {suggest_nearest(header, names)}")
    return sorted(variants, key=lambda variant: _make_sort_key(_find_sort_value(variant, header)))


def _find_sort_value(variant: Variant, header: str) -> object:
    if header in variant.cells:
        return variant.cells[header]
    match header:
        case "n":
            return len(variant.done_rows)
        case "state":
            return ", ".join(variant.state_counts)
        case _:
            return getattr(variant, header)


def _make_sort_key(value: object) -> tuple[int, float, str]:
    """Numbers first, then words, then nothing."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    if value in (None, ""):
        return 2, 0.0, ""
    return 1, 0.0, format_cell(value)


def _filter_variants(variants: list[Variant], condition: VariantFilter, found: CollectedRuns) -> list[Variant]:
    """The variants that are meant. Raises UsageError where a name means nothing, or none is left."""
    metrics = list_metrics(found.rows)
    declared = found.sweeps[0].values if found.is_single_sweep else {}  # noqa: PD011 - no DataFrame
    parameters = [variant.parameters for variant in variants]
    condition.check_names({*columns.list_keys([*parameters, *declared.values()]), *metrics, "n"})
    for name in condition.list_names():
        if name in metrics:
            refuse_test_metric("--filter", name, metrics)
    kept = []
    for variant in variants:
        means = {name: variant.compute_mean(name).value for name in metrics}
        own = declared.get(variant.configuration.key, {})
        # The last one counts where a parameter and a metric have the same name.
        if condition.is_match({**means, "n": len(variant.done_rows), **own, **variant.parameters}):
            kept.append(variant)
    if not kept:
        raise UsageError("--filter: no variant meets the condition")
    return kept


def find_baseline(variants: Sequence[Variant], name: str) -> Variant:
    """The variant of this name: its label, its kind, one of its cells or one of its runs. Raises UsageError."""
    # One way after the other: a label says more than a kind, which several variants may share.
    for list_names in (_list_labels, _list_kinds, attrgetter("run_names")):
        found = [variant for variant in variants if name in list_names(variant)]
        if len(found) == 1:
            return found[0]
        if found:
            choices = " or ".join(map(str, found[:MAX_CHOICES]))
            raise UsageError(f"--baseline: {name!r} could be {choices}")
    raise UsageError(f"--baseline: there is no variant {name!r}; {suggest_nearest(name, list(map(str, variants)))}")


def _list_labels(variant: Variant) -> list[str]:
    return [variant.label]


def _list_kinds(variant: Variant) -> list[object]:
    return [variant.configuration.kind, variant.cells.get("name"), variant.cells.get("variant")]


def compare_ranked(variants: Sequence[Variant], baseline: Variant | None, measured: RankingMetric) -> list[Verdict]:
    """The best variant beside each of the others, or each beside the baseline, corrected for all comparisons.

    The best one was found by looking at all pairs, so all pairs count.
    """
    if len(variants) < 2:
        return []
    if baseline is not None:
        # Here nothing was chosen by the results: no other pairs count.
        pairs = [(baseline, other) for other in variants if other is not baseline]
        return compare_pairs(pairs, measured)
    if not measured.ranks:
        return []
    best, *others = variants
    return compare_pairs([(other, best) for other in others], measured, math.comb(len(variants), 2))


def compare_pairs(
    pairs: Sequence[tuple[Variant, Variant]], measured: RankingMetric, of: int | None = None
) -> list[Verdict]:
    """The verdicts of pairs (A, B)."""
    has_folds = all(a.configuration.folds and b.configuration.folds for a, b in pairs)
    differences = [(a.label, b.label, b.compute_difference(a, measured.metric)) for a, b in pairs]
    return compute_verdicts(differences, replace(measured, pair="fold" if has_folds else "seed"), of)


def compare_all(variants: Sequence[Variant], measured: RankingMetric) -> list[Verdict]:
    """The verdicts of each variant beside every later one."""
    return compare_pairs(list(combinations(variants, 2)), measured)
