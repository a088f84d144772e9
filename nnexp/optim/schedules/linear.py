"""Linear decay."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, Fraction


@schedules.register("linear")
@dataclass(frozen=True, slots=True)
class Linear(Schedule):
    """Falls along a straight line from 1 to `final`.

        factor = 1 - (1 - final) · c,  c = the part of the training that is behind, in [0, 1)

    Changes with every update. With `final: 0` the line would reach zero one update after the last.
    Source: Goyal et al. 2017 compare it for large batches; `polynomial` with the power 1.
    """

    final: Fraction = 0.0

    def multiplier(self, progress: ScheduleProgress) -> Array:
        return 1 - (1 - lift(self.final, progress.updates)) * (progress.updates / progress.total)
