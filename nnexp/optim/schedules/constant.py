"""No schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array


@schedules.register("constant")
@dataclass(frozen=True, slots=True)
class Constant(Schedule):
    """The learning rate stays as it is.

        factor = 1

    What every spec has that names no schedule.
    """

    def multiplier(self, progress: ScheduleProgress) -> Array:
        return np.ones_like(progress.updates)
