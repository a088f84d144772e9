"""Staircase decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress, raise_to_power
from nnexp.registry import schedules
from nnexp.typing import Array, Positive


@schedules.register("step")
@dataclass(frozen=True, slots=True)
class Step(Schedule):
    """Multiplies by `factor` after every `every` epochs: the discrete staircase.

        factor^⌊e / every⌋,  e = epochs behind, from 0

    Source: lecture notes.
    """

    every: Positive
    factor: Positive = 0.1

    def multiplier(self, progress: ScheduleProgress) -> Array:
        stairs = np.floor(progress.epoch / lift(self.every, progress.updates))
        return raise_to_power(lift(self.factor, progress.updates), stairs)
