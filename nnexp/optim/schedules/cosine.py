"""Cosine decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, Count, Fraction


@schedules.register("cosine")
@dataclass(frozen=True, slots=True)
class Cosine(Schedule):
    """Falls along half a cosine from 1 to `final`, once or in several cycles that each begin at 1 again.

        factor = final + (1 - final) · (1 + cos(π c)) / 2,  c = the part of the cycle that is behind, in [0, 1)

    Changes with every update. The dips of a cyclic cosine are where snapshots for an ensemble are taken.
    Source: Loshchilov & Hutter 2016, SGDR (equal cycles); lecture notes.
    """

    cycles: Count = 1
    final: Fraction = 0.0

    def multiplier(self, progress: ScheduleProgress) -> Array:
        # The modulus is 0 where a cycle begins, so that the rate is whole again there.
        behind = np.mod(progress.updates * self.cycles / progress.total, 1)
        final = lift(self.final, progress.updates)
        return final + (1 - final) * (1 + np.cos(np.pi * behind)) / 2
