"""Exponential linear unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.replicas import lift
from nnexp.registry import activations
from nnexp.typing import Array, Positive


@activations.register("elu")
@dataclass(frozen=True, slots=True)
class ELU(Activation):
    """A smooth ReLU that settles at -alpha, which brings its mean towards zero.

        f(z) = z if z > 0 else α (e^z - 1),  f'(z) = 1 or a + α

    Source: Clevert, Unterthiner & Hochreiter 2015, Fast and Accurate Deep Network Learning by ELUs.
    """

    alpha: Positive = 1.0

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        alpha = lift(self.alpha, z)
        # `where` computes both sides: without the minimum, e^z overflows for large z although it is not used.
        a = np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))
        return a, lambda da: da * np.where(z > 0, z.dtype.type(1), a + alpha)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.select_by_sign(z.name, at.add_node("Mul", at.add_number(self.alpha), at.add_expm1(z.name)))
