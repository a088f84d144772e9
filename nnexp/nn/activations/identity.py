"""Identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("identity")
@dataclass(frozen=True, slots=True)
class Identity(Activation):
    """The linear unit: nothing is done.

        f(z) = z,  f'(z) = 1

    Source: lecture notes, back-propagation sheet.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        return z, lambda da: da

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return z.name
