"""A linear layer whose outputs share a softmax gate.   N examples, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.gates import add_gated, declare_gated, forward_gated
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("softmax_gated")
@dataclass(frozen=True, slots=True)
class SoftmaxGated(Layer):
    """A linear layer whose outputs share a softmax gate.

        y = softmax(x G + g) ⊙ (x C + c)

    core: x (N, I), G and C (I, O), g and c (1, O) -> y (N, O); the gates of a layer sum to 1, so that its units
    compete; of a single unit the gate would always be open. Source: lecture notes on two-layer networks.
    """

    units: Annotated[int, Ge(2)]

    def declare(self, x: Shape) -> Declaration:
        return declare_gated(self.units, x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return forward_gated(self.units, Softmax(), w, x, ctx)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return add_gated(self.units, Softmax(), at, x)
