"""L1 penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.penalties.base import Penalty
from nnexp.nn.replicas import lift
from nnexp.registry import penalties
from nnexp.typing import Array, NonNegative


@penalties.register("l1")
@dataclass(frozen=True, slots=True)
class L1(Penalty):
    """The sum of the weights' sizes, which drives small weights to zero.

        R = λ Σ |W|,  dR/dW = λ sign(W),  sign(0) = 0

    λ is `strength`. Together with l2 it is the elastic net. The lecture notes' (λ/m) Σ |W| is strength λ/m.
    """

    strength: NonNegative

    def __call__(self, weights: Array) -> tuple[Array, Array]:
        value = lift(self.strength, weights[:, 0]) * np.add.reduce(np.abs(weights), axis=-1)
        return value, lift(self.strength, weights) * np.sign(weights)
