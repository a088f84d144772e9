"""Variants: the runs that differ in seed, fold or member alone, and what they came to together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnexp.reports.rows import Configuration, Row
from nnexp.statistics.means import Mean, mean_of
from nnexp.statistics.paired import Difference, paired

STATES = ("done", "diverged", "failed", "pruned", "damaged", "interrupted", "running", "waiting")

ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of a report.

    parameters: all of them, by their dotted names. cells: what tells it from the others, by header. label: these in
    short.
    """

    configuration: Configuration
    rows: tuple[Row, ...] = field(repr=False)
    parameters: Mapping[str, Any] = field(repr=False)
    cells: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    @property
    def is_ensemble(self) -> bool:
        return self.configuration.kind.startswith(ENSEMBLE)

    @property
    def done(self) -> list[Row]:
        return [row for row in self.rows if row.state == "done"]

    @property
    def states(self) -> dict[str, int]:
        """How many runs are in which state."""
        counts = {state: sum(row.state == state for row in self.rows) for state in STATES}
        return {state: count for state, count in counts.items() if count}

    @property
    def seconds(self) -> float | None:
        """The mean time of a run that is done."""
        return mean_or_none([row.seconds for row in self.done])

    @property
    def best_epoch(self) -> float | None:
        """The mean epoch whose weights answer for a run."""
        return mean_or_none([row.best_epoch for row in self.done if row.best_epoch is not None])

    @property
    def overlap(self) -> float:
        """The size of a fold over that of the rest, where there are folds: see `paired`."""
        folds = self.configuration.folds
        return 1 / (folds - 1) if folds else 0.0

    def mean(self, metric: str) -> Mean:
        """The mean of a metric: over seeds, or over folds, each of which stands for the mean of its seeds."""
        return mean_of(list(self.values(metric).values()), self.overlap)

    def values(self, metric: str, *, grouped: bool = False) -> dict[Hashable, float]:
        """A metric by seed, or by fold; NaN for runs that failed or diverged.

        With `grouped` by the seeds that a sweep gave to ensembles, the mean over their members. Runs that are not over,
        and metrics that a run does not have, are not there.
        """
        found: dict[Hashable, list[float]] = {}
        for row in self.rows:
            lost = row.state in ("failed", "diverged")
            if lost or (row.state == "done" and metric in row.metrics):
                key = row.fold if row.fold is not None else row.group if grouped else row.seed
                found.setdefault(key, []).append(math.nan if lost else row.metrics[metric])
        return {key: _mean(values, skip=self.configuration.folds > 0) for key, values in found.items()}

    def less(self, other: Variant, metric: str) -> Difference:
        """By how much this variant's metric is more than that of the other, paired by seed or fold.

        A baseline draws nothing at random: its one value stands beside every seed.
        """
        grouped = self.is_ensemble != other.is_ensemble
        own, others = (variant.values(metric, grouped=grouped) for variant in (self, other))
        if self.configuration.folds != other.configuration.folds:
            return paired({}, {})
        if not self.configuration.folds:
            own, others = _beside(self, own, other, others), _beside(other, others, self, own)
        return paired(others, own, self.overlap)


def _beside(
    variant: Variant, own: dict[Hashable, float], other: Variant, others: dict[Hashable, float]
) -> dict[Hashable, float]:
    """The values of a variant: those of a baseline for every seed of a network, and once beside another baseline."""
    known = [value for value in own.values() if math.isfinite(value)]
    if not variant.configuration.is_baseline or not known:
        return own
    return dict.fromkeys([0] if other.configuration.is_baseline else others, known[0])


def _mean(values: Sequence[float], *, skip: bool) -> float:
    """The mean of one seed's or fold's values; of a fold, of those that are there."""
    known = [value for value in values if not math.isnan(value)] if skip else values
    return sum(known) / len(known) if known else math.nan


def mean_or_none(values: Sequence[float]) -> float | None:
    """The mean, if there is one."""
    return sum(values) / len(values) if values else None
