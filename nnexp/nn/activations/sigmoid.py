"""Logistic sigmoid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


def logistic(z: Array) -> Array:
    """1 / (1 + e^-z) without overflow: with t = e^-|z|, it is 1/(1+t) where z >= 0 and t/(1+t) elsewhere."""
    t = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, t) / (1 + t)


@activations.register("sigmoid")
@dataclass(frozen=True, slots=True)
class Sigmoid(Activation):
    """Squashes to (0, 1); saturates at both ends and is not centred on zero.

        f(z) = 1 / (1 + e^-z),  f'(z) = a (1 - a)

    Computed from e^-|z|, which cannot overflow. Source: lecture notes, back-propagation sheet.
    """

    saturates_beyond: ClassVar[float | None] = 4.6  # where f(z) is within 0.01 of 0 or 1

    usual_range: ClassVar[tuple[float, float] | None] = (0, 1)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        a = logistic(z)
        # The slope by the output: z need not be kept for the way back.
        return a, lambda da: da * (a * (1 - a))

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Sigmoid", z.name)
