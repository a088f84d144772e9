"""What the gated layers share.   N examples, I inputs, O outputs"""

from __future__ import annotations

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context
from nnexp.nn.layers.branches import add_gradients
from nnexp.nn.layers.chain import run_layer
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape


def declare_gated(units: int, x: Shape) -> Declaration:
    """Two dense layers of the same width: the gate and the content."""
    dense = Dense(units).declare(x)
    return Declaration(dense.output, parts={"gate": dense, "content": dense})


def forward_gated(units: int, opening: Activation, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """opening(x G + g) ⊙ (x C + c), and its way back."""
    dense = Dense(units)
    before, back_gate = run_layer(dense, w.parts["gate"], x, ctx)
    content, back_content = run_layer(dense, w.parts["content"], x, ctx)
    gate, derivative = opening.apply(before)

    def backward(dy: Array, dw: Views) -> Array | None:
        through_gate = back_gate(derivative(dy * content), dw.parts["gate"])
        return add_gradients(through_gate, back_content(dy * gate, dw.parts["content"]))

    return gate * content, backward


def add_gated(units: int, opening: Activation, at: LayerScope, x: GraphValue) -> str:
    """The same in an exported graph."""
    dense = Dense(units)
    gate = dense.add_to_graph(at.enter_layer("gate"), x)
    content = dense.add_to_graph(at.enter_layer("content"), x)
    return at.add_node("Mul", opening.add_to_graph(at, GraphValue(gate, (units,))), content)
