"""Hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("tanh")
@dataclass(frozen=True, slots=True)
class Tanh(Activation):
    """Squashes to (-1, 1), centred on zero.

        f(z) = tanh z,  f'(z) = 1 - a²

    The lecture notes print (1 - e^-z) / (1 + e^-z), which is tanh(z/2); this is the true tanh.
    """

    saturates_beyond: ClassVar[float | None] = 2.65  # where |f(z)| > 0.99

    usual_range: ClassVar[tuple[float, float] | None] = (-1, 1)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        a = np.tanh(z)
        # The slope by the output: z need not be kept for the way back.
        return a, lambda da: da * (1 - a * a)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Tanh", z.name)
