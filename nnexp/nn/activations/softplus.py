"""Softplus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.sigmoid import logistic
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("softplus")
@dataclass(frozen=True, slots=True)
class Softplus(Activation):
    """A smooth ReLU whose derivative is the sigmoid.

        f(z) = log(1 + e^z),  f'(z) = 1 / (1 + e^-z)

    Computed as max(z, 0) + log(1 + e^-|z|), which cannot overflow. Source: Dugas et al. 2001; lecture notes.
    """

    usual_range: ClassVar[tuple[float, float] | None] = (0, 3)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        # log(1 + e^z), in a form in which no exponential overflows.
        a = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
        return a, lambda da: da * logistic(z)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_softplus(z.name)
