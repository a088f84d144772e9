"""A linear layer whose outputs share a softmax gate.   N examples, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.activations.softmax import Softmax
from nnexp.layers.base import Backward, Context, Layer
from nnexp.layers.branches import total
from nnexp.layers.dense import Dense
from nnexp.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("softmax_gated")
@dataclass(frozen=True, slots=True)
class SoftmaxGated(Layer):
    """A linear layer whose outputs share a softmax gate.

        y = softmax(x G + g) ⊙ (x C + c)

    core: x (N, I), G and C (I, O), g and c (1, O) -> y (N, O); the gates of a layer sum to 1, so that its units
    compete. Source: lecture notes on two-layer networks.
    """

    units: Count

    def declare(self, x: Shape) -> Declaration:
        dense = Dense(self.units).declare(x)
        return Declaration(dense.output, parts={"gate": dense, "content": dense})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        dense = Dense(self.units)
        before, back_gate = dense.forward(w.parts["gate"], x, ctx)
        content, back_content = dense.forward(w.parts["content"], x, ctx)
        gate, derivative = Softmax().apply(before)

        def backward(dy: Array, dw: Views) -> Array | None:
            through_gate = back_gate(derivative(dy * content), dw.parts["gate"])
            return total(through_gate, back_content(dy * gate, dw.parts["content"]))

        return gate * content, backward
