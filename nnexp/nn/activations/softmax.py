"""Softmax over the features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("softmax")
@dataclass(frozen=True, slots=True)
class Softmax(Activation):
    """Positive numbers that sum to one over the features.

        a_i = e^z_i / Σ_j e^z_j,  dz = a ⊙ (da - Σ_j da_j a_j)

    Not element-wise: the Jacobian is diag(a) - a aᵀ. Shifted by the largest z, so that e^z cannot overflow.
    With the loss `cross_entropy` it is not needed: that loss applies its own. Source: lecture notes.
    """

    usual_range: ClassVar[tuple[float, float] | None] = (0, 1)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        # Shifted by the largest, so that no exponential overflows.
        e = np.exp(z - np.maximum.reduce(z, axis=-1, keepdims=True))
        a = e / np.add.reduce(e, axis=-1, keepdims=True)
        return a, lambda da: a * (da - np.add.reduce(da * a, axis=-1, keepdims=True))

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Softmax", z.name, axis=-1)
