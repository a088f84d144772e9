"""Sigmoid linear unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.sigmoid import logistic
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("silu")
@dataclass(frozen=True, slots=True)
class SiLU(Activation):
    """z times its sigmoid: a smooth ReLU with a small dip; also called swish.

        f(z) = z σ(z),  f'(z) = σ(z) (1 + z (1 - σ(z)))

    Source: Elfwing, Uchibe & Doya 2017, Sigmoid-Weighted Linear Units; Ramachandran et al. 2017 as swish.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        s = logistic(z)
        return z * s, lambda da: da * (s * (1 + z * (1 - s)))

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Mul", z.name, at.add_node("Sigmoid", z.name))
