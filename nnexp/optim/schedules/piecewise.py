"""A schedule written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt

from nnexp.optim.schedules.base import Schedule, ScheduleProgress
from nnexp.registry import schedules
from nnexp.typing import Array


@schedules.register("piecewise")
@dataclass(frozen=True, slots=True)
class Piecewise(Schedule):
    """A list of factors, each for the epochs up to its boundary.

        factor = values_i,  i = how many of the boundaries are <= e,  e = epochs behind, from 0

    There is one value more than there are boundaries, and the boundaries increase. Constant within an epoch:
    `{boundaries: [10, 20], values: [1, 0.1, 0.01]}` trains ten epochs with lr, ten with lr/10, the rest with lr/100.
    Source: lecture notes, manual decay.
    """

    boundaries: tuple[Annotated[float, Gt(0)], ...]
    values: tuple[Annotated[float, Gt(0)], ...]

    def multiplier(self, progress: ScheduleProgress) -> Array:
        assert len(self.values) == len(self.boundaries) + 1, "there is one value more than there are boundaries"
        piece = np.searchsorted(np.array(self.boundaries), progress.epoch, side="right")
        return np.array(self.values)[piece]
