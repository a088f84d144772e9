"""Mish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.sigmoid import logistic
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("mish")
@dataclass(frozen=True, slots=True)
class Mish(Activation):
    """z times the tanh of its softplus: smooth, with a small dip.

        f(z) = z tanh(s),  f'(z) = tanh(s) + z σ(z) (1 - tanh²(s)),  s = log(1 + e^z)

    Source: Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        # The inner function is softplus, in a form in which no exponential overflows.
        t = np.tanh(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))
        return z * t, lambda da: da * (t + z * logistic(z) * (1 - t * t))

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Mul", z.name, at.add_node("Tanh", at.add_softplus(z.name)))
