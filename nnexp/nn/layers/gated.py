"""A linear layer whose outputs are let through by sigmoid gates.   N examples, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.gates import add_gated, declare_gated, forward_gated
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("gated")
@dataclass(frozen=True, slots=True)
class Gated(Layer):
    """A linear layer whose outputs are let through by sigmoid gates.

        y = σ(x G + g) ⊙ (x C + c)

    core: x (N, I), G and C (I, O), g and c (1, O) -> y (N, O); each gate opens and closes for itself.
    Source: lecture notes on two-layer networks.
    """

    units: Count

    def declare(self, x: Shape) -> Declaration:
        return declare_gated(self.units, x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return forward_gated(self.units, Sigmoid(), w, x, ctx)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return add_gated(self.units, Sigmoid(), at, x)
