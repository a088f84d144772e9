"""Uniform weights of a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.nn.random import draw_uniform
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, NonNegative


@initializers.register("uniform")
@dataclass(frozen=True, slots=True)
class Uniform(Initializer):
    """Uniform numbers between -limit and limit.

        W ~ U(-limit, limit)

    The variance is limit²/3, whatever the size of the layer.
    """

    limit: NonNegative = 0.05

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        u = 2 * draw_uniform(generators, weight.shape).astype(np.float64) - 1
        return lift(self.limit, u) * u
