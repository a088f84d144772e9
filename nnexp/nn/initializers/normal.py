"""Normal weights of a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.nn.random import draw_normal
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, NonNegative


@initializers.register("normal")
@dataclass(frozen=True, slots=True)
class Normal(Initializer):
    """Normal numbers with a standard deviation that does not know the size of the layer.

        W ~ N(0, std²)

    The lecture notes show both ends: 0.01 lets the signal die in a deep network, 1.0 saturates it.
    """

    std: NonNegative = 0.01

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        z = draw_normal(generators, weight.shape)
        return lift(self.std, z) * z
