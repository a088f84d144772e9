"""Gaussian error linear unit, the exact form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("gelu")
@dataclass(frozen=True, slots=True)
class GELU(Activation):
    """z times the probability that a standard normal is below z.

        f(z) = z Φ(z),  f'(z) = Φ(z) + z φ(z),  Φ and φ of the standard normal

    The exact form by erf, not the tanh approximation.
    Source: Hendrycks & Gimpel 2016, Gaussian Error Linear Units.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        from scipy.special import ndtr  # here, because the import is slow

        below = ndtr(z)
        density = np.exp(-0.5 * z * z) * z.dtype.type(1 / np.sqrt(2 * np.pi))
        return z * below, lambda da: da * (below + z * density)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        half = at.add_node("Mul", z.name, at.add_number(0.5))
        erf = at.add_node("Erf", at.add_node("Mul", z.name, at.add_number(1 / sqrt(2))))
        return at.add_node("Mul", half, at.add_node("Add", erf, at.add_number(1)))
