"""Variants: the runs that differ in seed, fold or member alone, and their results together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnexp.reports.rows import ENSEMBLE_KIND, RunRow, VariantConfiguration
from nnexp.statistics.means import MeanInterval, estimate_mean
from nnexp.statistics.paired import PairedDifference, compute_paired_difference

RUN_STATES = ("done", "diverged", "failed", "pruned", "damaged", "interrupted", "running", "waiting")
"""All states of a run, in the order in which a table counts them."""

LOST_STATES = ("failed", "diverged")
"""States of runs that end without a result, which counts as one: NaN."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of a report.

    parameters: all of them, by their dotted names. cells: what tells it from the others, by header. label: these in
    short.
    """

    configuration: VariantConfiguration
    rows: tuple[RunRow, ...] = field(repr=False)
    parameters: Mapping[str, Any] = field(repr=False)
    cells: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def __str__(self) -> str:
        return self.label

    @property
    def is_ensemble(self) -> bool:
        return self.configuration.kind.startswith(ENSEMBLE_KIND)

    @property
    def run_names(self) -> list[str]:
        return [row.run for row in self.rows]

    @property
    def done_rows(self) -> list[RunRow]:
        return [row for row in self.rows if row.state == "done"]

    @property
    def lost_rows(self) -> list[RunRow]:
        return [row for row in self.rows if row.state in LOST_STATES]

    @property
    def trained_rows(self) -> list[RunRow]:
        """The runs that have epochs behind them."""
        return [row for row in self.rows if row.epochs]

    @property
    def state_counts(self) -> dict[str, int]:
        """How many runs are in which state."""
        states = [row.state for row in self.rows]
        return {state: states.count(state) for state in RUN_STATES if state in states}

    @property
    def seconds(self) -> float | None:
        """The mean time of a run that is done."""
        return compute_mean_or_none([row.seconds for row in self.done_rows])

    @property
    def best_epoch(self) -> float | None:
        """The mean of the best epochs of the runs."""
        epochs = [row.best_epoch for row in self.done_rows]
        return compute_mean_or_none([epoch for epoch in epochs if epoch is not None])

    @property
    def fold_overlap(self) -> float:
        """The size of a fold over that of the rest, where there are folds: see `compute_paired_difference`."""
        folds = self.configuration.folds
        if not folds:
            return 0.0
        return 1 / (folds - 1)

    def compute_mean(self, metric: str) -> MeanInterval:
        """The mean of a metric: over seeds, or over folds, each of which stands for the mean of its seeds."""
        return estimate_mean(list(self.collect_values(metric).values()), self.fold_overlap)

    def has_mean(self, metric: str) -> bool:
        """Whether any run has a finite value of the metric."""
        return math.isfinite(self.compute_mean(metric).value)

    def list_finite_values(self, metric: str) -> tuple[float, ...]:
        """A metric of each seed or fold that has a finite value."""
        return tuple(filter(math.isfinite, self.collect_values(metric).values()))

    def collect_values(self, metric: str, *, grouped: bool = False) -> dict[Hashable, float]:
        """A metric by seed, or by fold; NaN for runs that failed or diverged.

        With `grouped` by the seeds that a sweep gave to ensembles, the mean over their members. Unfinished runs and
        runs without this metric are left out.
        """
        groups: dict[Hashable, list[float]] = {}
        for row in self.rows:
            key: Hashable = row.group if grouped else row.seed
            if row.fold is not None:
                key = row.fold
            if row.state in LOST_STATES:
                groups.setdefault(key, []).append(math.nan)
            elif row.state == "done" and metric in row.metrics:
                groups.setdefault(key, []).append(row.metrics[metric])
        skip_lost = self.configuration.folds > 0
        return {key: _average_values(values, skip_lost=skip_lost) for key, values in groups.items()}

    def compute_difference(self, other: Variant, metric: str) -> PairedDifference:
        """By how much this variant's metric is more than that of the other, paired by seed or fold.

        A baseline draws nothing at random: its one value stands beside every seed.
        """
        if self.configuration.folds != other.configuration.folds:
            return compute_paired_difference({}, {})  # folds of another size are trained on other data
        # An ensemble is compared with its own members: by the seed that all of them share.
        grouped = self.is_ensemble != other.is_ensemble
        own = self.collect_values(metric, grouped=grouped)
        others = other.collect_values(metric, grouped=grouped)
        if not self.configuration.folds:
            repeated = _repeat_baseline_value(self, own, other, others)
            others = _repeat_baseline_value(other, others, self, own)
            own = repeated
        return compute_paired_difference(others, own, self.fold_overlap)


def _repeat_baseline_value(
    variant: Variant, own: dict[Hashable, float], other: Variant, others: dict[Hashable, float]
) -> dict[Hashable, float]:
    """The values of a variant: those of a baseline for every seed of a network, and once beside another baseline."""
    finite = list(filter(math.isfinite, own.values()))
    if not variant.configuration.is_baseline or not finite:
        return own
    # Two baselines have one value each, for which any key will do.
    keys = [0] if other.configuration.is_baseline else others
    return dict.fromkeys(keys, finite[0])


def _average_values(values: Sequence[float], *, skip_lost: bool) -> float:
    """The mean of one seed's or fold's values.

    A fold whose seeds did not all fail is the mean of the others; the members of an ensemble stand for it only
    together.
    """
    if skip_lost:
        values = [value for value in values if not math.isnan(value)]
    if not values:
        return math.nan
    return sum(values) / len(values)


def compute_mean_or_none(values: Sequence[float]) -> float | None:
    """The mean, if there is one."""
    if not values:
        return None
    return sum(values) / len(values)
