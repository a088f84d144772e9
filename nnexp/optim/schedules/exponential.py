"""Exponential decay."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress, raise_to_power
from nnexp.registry import schedules
from nnexp.typing import Array, Positive


@schedules.register("exponential")
@dataclass(frozen=True, slots=True)
class Exponential(Schedule):
    """Multiplies by the same number after every epoch.

        factor = baseᵉ,  e = epochs behind, from 0

    Constant within an epoch. Source: lecture notes.
    """

    base: Positive = 0.95

    def multiplier(self, progress: ScheduleProgress) -> Array:
        return raise_to_power(lift(self.base, progress.updates), progress.epoch)
