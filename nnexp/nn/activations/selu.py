"""Scaled exponential linear unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array

SELU_LAMBDA = 1.0507009873554805
"""λ₀₁ of the paper, to the precision of a double."""

SELU_ALPHA = 1.6732632423543772
"""α₀₁ of the paper, likewise."""


@activations.register("selu")
@dataclass(frozen=True, slots=True)
class SELU(Activation):
    """A scaled ELU that pulls activations to zero mean and unit variance.

        f(z) = λ z if z > 0 else λ α (e^z - 1),  f'(z) = λ or a + λα

    λ = 1.0507009873554805, α = 1.6732632423543772, the fixed point for zero mean and unit variance.
    Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        # `where` computes both sides: without the minimum, e^z overflows for large z although it is not used.
        a = np.where(z > 0, SELU_LAMBDA * z, SELU_LAMBDA * SELU_ALPHA * np.expm1(np.minimum(z, 0)))
        return a, lambda da: da * np.where(z > 0, z.dtype.type(SELU_LAMBDA), a + SELU_LAMBDA * SELU_ALPHA)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        below = at.add_node("Mul", at.add_number(SELU_ALPHA), at.add_expm1(z.name))
        return at.add_node("Mul", at.add_number(SELU_LAMBDA), at.select_by_sign(z.name, below))
