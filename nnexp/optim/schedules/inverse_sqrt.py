"""Decay with the square root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, Positive


@schedules.register("inverse_sqrt")
@dataclass(frozen=True, slots=True)
class InverseSqrt(Schedule):
    """Decays with one over the square root of the number of epochs, or of updates.

        factor = k / √n,  n = the epoch, or with `per: batch` the update, counted from 1

    With `per: epoch` constant within an epoch. The first factor is k. Source: lecture notes.
    """

    k: Positive = 1.0
    per: Literal["epoch", "batch"] = "epoch"

    def multiplier(self, progress: ScheduleProgress) -> Array:
        behind = progress.epoch if self.per == "epoch" else progress.updates
        return lift(self.k, behind) / np.sqrt(behind + 1)
