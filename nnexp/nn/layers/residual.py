"""A residual embedding.   N examples, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.branches import add_branches, add_parts, declare_branches, name_branches
from nnexp.nn.layers.chain import Chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("residual")
@dataclass(frozen=True, slots=True)
class Residual(Layer):
    """A linear and a nonlinear embedding of the input, added.

        y = (x G + g) + φ(x C + c)

    core: x (N, I), G and C (I, O), g and c (1, O) -> y (N, O). φ is `activation`, or the spec's where none is named.
    Source: lecture notes on two-layer networks.
    """

    units: Count
    activation: Activation | None = None

    def declare(self, x: Shape) -> Declaration:
        parts, _ = declare_branches(self._make_branches(), x, "residual")
        return Declaration((self.units,), parts=parts)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return add_branches(self._make_branches(), w, x, ctx)

    def _make_branches(self) -> tuple[Chain, Chain]:
        assert self.activation is not None, "the spec's activation is put here when the network is built"
        linear = Chain(("dense",), (Dense(self.units),))
        return linear, Chain(("dense", "activation"), (Dense(self.units), self.activation))

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Add", *add_parts(name_branches(self._make_branches()), at, x))
