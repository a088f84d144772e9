"""Max-norm constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.penalties.base import Penalty
from nnexp.nn.replicas import lift
from nnexp.registry import penalties
from nnexp.typing import Array, Positive


@penalties.register("max_norm")
@dataclass(frozen=True, slots=True)
class MaxNorm(Penalty):
    """The weights into a unit are never longer than `norm`.

        after every update:  w ← w · min(1, c / ‖w‖),  w the weights into one unit, c the norm

    A limit rather than a penalty: it adds nothing to the objective. w is a column of W, or a filter.
    Source: Srebro & Shraibman 2005, Rank, Trace-Norm and Max-Norm; with dropout, Srivastava et al. 2014.
    """

    norm: Positive

    has_constraint: ClassVar[bool] = True

    def __call__(self, weights: Array) -> tuple[Array, Array]:
        return np.zeros(len(weights), weights.dtype), np.zeros_like(weights)

    def constrain_weight(self, weight: Array) -> None:
        columns = weight.reshape(len(weight), -1, weight.shape[-1])
        lengths = np.sqrt(np.square(columns).sum(axis=-2, keepdims=True))
        limit = lift(self.norm, lengths)
        np.multiply(columns, np.where(lengths > limit, limit / np.where(lengths > 0, lengths, 1), 1), out=columns)
