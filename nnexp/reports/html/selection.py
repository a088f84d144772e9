"""Which variants have their curves drawn, and these curves' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nnexp.errors import RunError
from nnexp.reports.html.curves import MeanCurve, MetricHistory, compute_curve
from nnexp.reports.report import Report, compute_rank
from nnexp.reports.rows import RunRow
from nnexp.reports.variants import Variant
from nnexp.runs.metrics_csv import read_metrics

MAX_BEST_VARIANTS = 5
"""The best variants, which are drawn: with a baseline and those that failed eight, as many as there are colours."""

MAX_FAILED_VARIANTS = 2
"""Variants of which runs failed or diverged, that are drawn besides."""

MAX_RUNS = 20
"""Runs of a variant whose curves are averaged."""


@dataclass(frozen=True, slots=True)
class VariantCurves:
    """A variant and the histories of its runs, or of some of them."""

    variant: Variant
    histories: tuple[MetricHistory, ...] = field(repr=False)
    run_count: int

    def compute_curve(self, column: str) -> MeanCurve:
        """The mean of a column over the runs."""
        return compute_curve(self.histories, column, self.variant.fold_overlap)


@dataclass(frozen=True, slots=True)
class CurveSelection:
    """The variants that are drawn, and how many could have been; whether one of them was asked for, or lost runs."""

    variants: tuple[VariantCurves, ...]
    candidate_count: int
    has_baseline: bool = False
    has_failed: bool = False
    is_ranked: bool = True

    @property
    def columns(self) -> list[str]:
        """The columns of metrics.csv that any of the runs has."""
        names: dict[str, None] = {}
        for one in self.variants:
            for history in one.histories:
                names |= dict.fromkeys(history.rows[0])
        return list(names)

    @property
    def caption(self) -> str:
        """Which variants these are, in words; nothing where they are all."""
        sentences = []
        if len(self.variants) < self.candidate_count:
            which = self._describe_choice()
            sentences.append(f"Drawn are {len(self.variants)} of {self.candidate_count:,} variants: {which}.")
        if any(one.run_count > MAX_RUNS for one in self.variants):
            sentences.append(f"Of a variant the first {MAX_RUNS} runs are drawn.")
        return " ".join(sentences)

    def _describe_choice(self) -> str:
        which = [f"the {'best' if self.is_ranked else 'first'} {min(MAX_BEST_VARIANTS, len(self.variants))}"]
        if self.has_baseline:
            which.append("what they are compared with")
        if self.has_failed:
            which.append(f"up to {MAX_FAILED_VARIANTS} of those that failed or diverged")
        *first, last = which
        if not first:
            return last
        return f"{', '.join(first)} and {last}"


def select_variants(report: Report) -> CurveSelection:
    """The variants to draw; the histories of no others are read."""
    ranked = sorted(report.variants, key=lambda variant: compute_rank(variant, report.measure))
    candidates = list(filter(_has_epochs, ranked))
    best, others = candidates[:MAX_BEST_VARIANTS], candidates[MAX_BEST_VARIANTS:]
    chosen = list(best)
    if report.baseline and report.baseline not in best and _has_epochs(report.baseline):
        chosen.append(report.baseline)
    has_baseline = len(chosen) > len(best)
    failed = [variant for variant in others if variant.lost_rows][:MAX_FAILED_VARIANTS]
    # The baseline may be one of them.
    chosen += [variant for variant in failed if variant not in chosen]
    drawn = [one for one in map(_read_histories, chosen) if one.histories]
    # What cannot be read could not have been drawn either.
    candidate_count = len(candidates) - (len(chosen) - len(drawn))
    return CurveSelection(
        tuple(drawn),
        candidate_count,
        has_baseline=has_baseline,
        has_failed=bool(failed),
        is_ranked=report.measure.ranks,
    )


def _has_epochs(variant: Variant) -> bool:
    """Whether it was trained by epochs, and has some."""
    is_network = not variant.is_ensemble and not variant.configuration.is_baseline
    return is_network and bool(variant.trained_rows)


def _read_histories(variant: Variant) -> VariantCurves:
    """The histories of the runs that are done; where none is, of those that began."""
    rows = variant.done_rows or variant.trained_rows
    histories = tuple(filter(None, map(_read_history, rows[:MAX_RUNS])))
    return VariantCurves(variant, histories, len(rows))


def _read_history(row: RunRow) -> MetricHistory:
    key = row.seed if row.fold is None else row.fold
    try:
        rows: Sequence[dict[str, float]] = read_metrics(row.path)
    except (RunError, OSError, ValueError):  # the report has said it
        rows = []
    return MetricHistory(key, rows)
