"""The one-cycle schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array, Fraction


@schedules.register("one_cycle")
@dataclass(frozen=True, slots=True)
class OneCycle(Schedule):
    """Rises from `start` to 1 in the first part of the training, then falls to `final`, along half cosines.

        c < rise:  factor = start + (1 - start) · (1 - cos(π c / rise)) / 2
        after it:  factor = final + (1 - final) · (1 + cos(π (c - rise) / (1 - rise))) / 2

    c is the part of the training that is behind, in [0, 1), and `lr` the peak. The variant of fastai and PyTorch, with
    their defaults (rise 0.3, start 1/25, final 1/25 of 1e-4): two phases and cosines. The paper's has straight lines of
    equal length and a last, flatter phase, and cycles the momentum too, which stays as it is here. PyTorch reaches
    `final` at the last update, this schedule one update later.
    Source: Smith & Topin 2018, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates.
    """

    rise: Fraction = 0.3
    start: Fraction = 0.04
    final: Fraction = 4e-6

    def multiplier(self, progress: ScheduleProgress) -> Array:
        behind = progress.updates / progress.total
        rise, start, final = lift(self.rise, behind), lift(self.start, behind), lift(self.final, behind)
        # Divided only in the rising part: `rise` may be 0, and then there is none.
        up = np.divide(behind, rise, out=np.ones_like(behind + rise), where=behind < rise)
        down = np.maximum(behind - rise, 0) / (1 - rise)
        rising = start + (1 - start) * (1 - np.cos(np.pi * up)) / 2
        falling = final + (1 - final) * (1 + np.cos(np.pi * down)) / 2
        return np.where(behind < rise, rising, falling)
