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

MAX_BEST_VARIANTS, MAX_FAILED_VARIANTS = 5, 2
"""Variants that are drawn: the best, and those of which runs failed or diverged; and what is compared with."""

MAX_RUNS = 20
"""Runs of a variant whose curves are averaged."""


@dataclass(frozen=True, slots=True)
class VariantCurves:
    """A variant and the histories of its runs, or of some of them."""

    variant: Variant
    histories: tuple[MetricHistory, ...] = field(repr=False)
    run_count: int

    @property
    def columns(self) -> list[str]:
        """The columns of metrics.csv that any of its runs has."""
        return list(dict.fromkeys(name for found in self.histories for name in (found.rows[0] if found.rows else ())))

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

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for one in self.variants for name in one.columns))

    @property
    def caption(self) -> str:
        """Which variants these are, in words; nothing where they are all."""
        said = []
        if len(self.variants) < self.candidate_count:
            which = [f"the best {min(MAX_BEST_VARIANTS, len(self.variants))}"]
            which += ["what they are compared with"] if self.has_baseline else []
            which += [f"up to {MAX_FAILED_VARIANTS} of those that failed or diverged"] if self.has_failed else []
            listing = f"{', '.join(which[:-1])} and {which[-1]}" if len(which) > 1 else which[0]
            said.append(f"Drawn are {len(self.variants)} of {self.candidate_count:,} variants: {listing}.")
        if any(one.run_count > MAX_RUNS for one in self.variants):
            said.append(f"Of a variant the first {MAX_RUNS} runs are drawn.")
        return " ".join(said)


def select_variants(report: Report) -> CurveSelection:
    """The variants to draw; the histories of no others are read."""
    every = [
        variant
        for variant in sorted(report.variants, key=lambda v: compute_rank(v, report.measure))
        if _has_epochs(variant)
    ]
    best = every[:MAX_BEST_VARIANTS]
    asked = [report.baseline] if report.baseline and _has_epochs(report.baseline) else []
    lost = [variant for variant in every[MAX_BEST_VARIANTS:] if {"failed", "diverged"} & variant.state_counts.keys()][
        :MAX_FAILED_VARIANTS
    ]
    chosen = {variant.configuration.key: variant for variant in (*best, *asked, *lost)}
    found = [_read_histories(variant) for variant in chosen.values()]
    drawn = [one for one in found if any(history.rows for history in one.histories)]
    beside = any(variant not in best for variant in asked)
    return CurveSelection(
        tuple(drawn), len(every) - (len(found) - len(drawn)), has_baseline=beside, has_failed=bool(lost)
    )


def _has_epochs(variant: Variant) -> bool:
    """Whether it has epochs."""
    return not variant.is_ensemble and not variant.configuration.is_baseline and any(row.epochs for row in variant.rows)


def _read_histories(variant: Variant) -> VariantCurves:
    """The histories of the runs that are done; where none is, of those that began."""
    rows = variant.done_rows or [row for row in variant.rows if row.epochs]
    histories = [_read_history(row) for row in rows[:MAX_RUNS]]
    return VariantCurves(variant, tuple(found for found in histories if found.rows), len(rows))


def _read_history(row: RunRow) -> MetricHistory:
    key = row.seed if row.fold is None else row.fold
    try:
        rows: Sequence[dict[str, float]] = read_metrics(row.path)
    except (RunError, OSError, ValueError):  # the report has said it
        rows = []
    return MetricHistory(key, rows)
