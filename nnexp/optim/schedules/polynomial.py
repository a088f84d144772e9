"""Polynomial decay."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress, raise_to_power
from nnexp.registry import schedules
from nnexp.typing import Array, Fraction, Positive


@schedules.register("polynomial")
@dataclass(frozen=True, slots=True)
class Polynomial(Schedule):
    """Falls along a power of what is left of the training, from 1 to `final`.

        factor = final + (1 - final) · (1 - c)ᵖ,  c = the part of the training that is behind, in [0, 1)

    p is `power`: 1 is a straight line, above it the factor falls early, below it late. Changes with every update.
    Source: Chen et al. 2016, DeepLab (its "poly" policy has power 0.9).
    """

    power: Positive
    final: Fraction = 0.0

    def multiplier(self, progress: ScheduleProgress) -> Array:
        final = lift(self.final, progress.updates)
        left = 1 - progress.updates / progress.total
        return final + (1 - final) * raise_to_power(left, lift(self.power, left))
