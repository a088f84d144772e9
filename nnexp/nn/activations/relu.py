"""Rectified linear unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("relu")
@dataclass(frozen=True, slots=True)
class ReLU(Activation):
    """Keeps what is positive and drops the rest.

        f(z) = max(0, z),  f'(z) = 1 if z > 0 else 0

    The derivative at the kink z = 0 is 0, as everywhere in this package.
    Source: Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines.
    """

    can_die: ClassVar[bool] = True

    usual_range: ClassVar[tuple[float, float] | None] = (0, 3)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        a = np.maximum(z, 0)
        # a > 0 just where z > 0, so z need not be kept for the way back.
        return a, lambda da: da * (a > 0)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Relu", z.name)
