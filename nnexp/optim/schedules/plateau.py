"""Lower when nothing gets better any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from nnexp.metrics.better import is_better
from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, Count, Fraction, MetricsRow, NonNegative


@schedules.register("plateau")
@dataclass(frozen=True, slots=True)
class Plateau(Schedule):
    """Lowers the learning rate when a metric has not got better for some epochs.

        f = max(least, factor^k),  k the number of times that `patience` epochs in a row brought nothing better

    Better means better than the best so far by more than `min_delta`; after each lowering the count of epochs begins
    anew, the best stays. Epochs of the warm-up do not count. What it knows are the rows of metrics of the epochs
    behind, which every checkpoint holds. Source: the usual ReduceLROnPlateau of Keras and PyTorch, which lowers after
    `patience` + 1 epochs where this one does after `patience`, as early stopping counts here.
    """

    factor: Fraction = 0.1
    patience: Count = 5
    metric: str = "dev_loss"
    min_delta: NonNegative = 0.0
    least: NonNegative = 0.0

    def multiplier(self, progress: ScheduleProgress) -> Array:
        return np.ones_like(progress.updates)

    def compute_factors(
        self, epoch: int, steps: int, epochs: int, history: Sequence[Sequence[MetricsRow]] = ()
    ) -> Array:
        even = Schedule.compute_factors(self, epoch, steps, epochs)
        if not history:
            return even
        replicas = len(history)
        factor, min_delta = np.broadcast_to(self.factor, replicas), np.broadcast_to(self.min_delta, replicas)
        least, warmup = np.broadcast_to(self.least, replicas), np.broadcast_to(self.warmup_epochs, replicas)
        factors = np.empty(replicas)
        for r, past in enumerate(history):
            # Counted anew from all epochs behind, so that there is nothing to keep in a checkpoint.
            values = [row[self.metric] for row in past[ceil(warmup[r]) :]]
            factors[r] = max(least[r], factor[r] ** self._count_lowerings(values, min_delta[r]))
        return even * lift(factors, even)

    def _count_lowerings(self, values: Sequence[float], min_delta: float) -> int:
        """How often `patience` epochs in a row brought nothing better."""
        best, waited, lowerings = np.array(np.nan), 0, 0
        for value in values:
            if is_better(self.metric, np.array(value), best, np.array(min_delta)):
                best, waited = np.array(value), 0
            else:
                waited += 1
            if waited == self.patience:
                waited, lowerings = 0, lowerings + 1
        return lowerings
