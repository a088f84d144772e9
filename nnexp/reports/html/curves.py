"""Learning curves over seeds: the mean of the runs epoch by epoch, thinned for the eye."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from nnexp.statistics.means import MeanInterval, estimate_mean
from nnexp.typing import MetricsRow

MAX_DRAWN_EPOCHS = 60
"""Epochs of a curve that are drawn."""


@dataclass(frozen=True, slots=True)
class MetricHistory:
    """The rows of one run. key: its seed, or its fold."""

    key: Hashable
    rows: Sequence[MetricsRow]

    def __len__(self) -> int:
        """Its epochs."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class MeanCurve:
    """A column of metrics.csv over the runs of a variant: at each of some epochs, the mean and its interval.

    is_cut: whether runs went on after the last epoch, at which the first of them stopped.
    """

    epochs: tuple[int, ...]
    means: tuple[MeanInterval, ...]
    is_cut: bool = False


def compute_curve(histories: Sequence[MetricHistory], column: str, overlap: float = 0.0) -> MeanCurve:
    """The curve of a column; empty where no run has it.

    It ends where the first of the runs ended, as the mean of those that are left would be one of other runs. Runs with
    the same key, the seeds of a fold, are averaged first. overlap: see `nnexp.statistics.paired`.
    """
    given = [history for history in histories if history and column in history.rows[0]]
    if not given:
        return MeanCurve((), ())
    # Runs that stopped early are shorter.
    lengths = list(map(len, given))
    epochs, means = [], []
    for place in thin_places(min(lengths), MAX_DRAWN_EPOCHS):
        epochs.append(int(given[0].rows[place]["epoch"]))
        means.append(estimate_mean(_average_by_key(given, place, column), overlap))
    return MeanCurve(tuple(epochs), tuple(means), max(lengths) > min(lengths))


def _average_by_key(histories: Sequence[MetricHistory], place: int, column: str) -> list[float]:
    """The values of one epoch, those of the same key averaged."""
    groups: dict[Hashable, list[float]] = {}
    for history in histories:
        groups.setdefault(history.key, []).append(history.rows[place][column])
    return [sum(values) / len(values) for values in groups.values()]


def thin_places(count: int, limit: int) -> list[int]:
    """Places of at most `limit` of `count` entries, at equal distances, the first and the last among them.

    Nothing is averaged: what is drawn was measured.

    >>> thin_places(10, 4), thin_places(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= limit:
        return list(range(count))
    return [round(number * (count - 1) / (limit - 1)) for number in range(limit)]
