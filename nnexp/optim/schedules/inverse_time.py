"""Inverse-time decay."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, NonNegative


@schedules.register("inverse_time")
@dataclass(frozen=True, slots=True)
class InverseTime(Schedule):
    """Decays with one over the number of epochs.

        factor = 1 / (1 + decay · e),  e = epochs behind, from 0

    Constant within an epoch. Source: lecture notes.
    """

    decay: NonNegative

    def multiplier(self, progress: ScheduleProgress) -> Array:
        return 1 / (1 + lift(self.decay, progress.updates) * progress.epoch)
