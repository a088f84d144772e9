"""The contract of a schedule.

    R replicas, S steps of one epoch

A schedule is a pure function of progress and multiplies the optimizer's `lr`. It is asked for an epoch's steps at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.typing import Array, MetricsRow, NonNegative


@dataclass(frozen=True, slots=True)
class ScheduleProgress:
    """Where training stands before each of S updates; counted in updates, which are whole numbers and so exact.

    updates (·, S): updates behind, from 0.    total (·, 1): updates in all.    per_epoch: updates in an epoch.
    """

    updates: Array
    total: Array
    per_epoch: int

    @property
    def epoch(self) -> Array:
        """e, the number of whole epochs behind, from 0."""
        return np.floor(self.updates / self.per_epoch)


def raise_to_power(base: Array, exponent: Array) -> Array:
    """The power of a base, with the same last bits in every stack: each entry gets an exponent of its own.

    Where one exponent, 2, is shared by all, NumPy squares instead, which rounds differently.
    """
    return base ** (exponent + np.zeros_like(base))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(ABC):
    """A multiplier of the learning rate.

    `warmup_epochs: w`, on every schedule, raises the multiplier in equal steps from nothing to the schedule's first
    value over the first w epochs; the schedule's own clock starts after that and runs for the epochs that are left.
    """

    warmup_epochs: NonNegative = 0.0

    @abstractmethod
    def multiplier(self, progress: ScheduleProgress) -> Array:
        """The factor for each step, (R, S) or broadcastable to it."""

    def compute_factors(
        self, epoch: int, steps: int, epochs: int, history: Sequence[Sequence[MetricsRow]] = ()
    ) -> Array:
        """The factors (R, S) of all the steps of an epoch, counted from 0, warm-up included.

        `history` are the rows of metrics of the epochs behind, of each replica, for schedules that watch a metric.
        """
        updates = epoch * steps + np.arange(steps, dtype=np.float64)[None]
        warmup = lift(self.warmup_epochs, updates) * steps
        if not warmup.any():
            return self.multiplier(ScheduleProgress(updates, epochs * steps - warmup, steps))
        factors = self.multiplier(ScheduleProgress(np.maximum(updates - warmup, 0), epochs * steps - warmup, steps))
        # Divided only where there is a warm-up: some replicas of a stack may have none.
        ramp = np.divide(updates + 1, warmup, out=np.ones_like(updates + warmup), where=warmup > 0)
        return factors * np.minimum(ramp, 1)
