"""Dense.   N examples, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, check_flat_width
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("dense")
@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Every output is a weighted sum of every input.

        y = x W + b
        dW = xᵀ dy,  db = Σ_n dy,  dx = dy Wᵀ

    core: x (N, I), W (I, O), b (1, O) -> y (N, O). Examples in rows, so W is the transpose of the column-vector
    convention. `bias: false` leaves b out, for instance before batch normalisation, whose shift takes its place.
    Source: lecture notes, row-vector sheet; Rumelhart, Hinton & Williams 1986.
    """

    units: Count
    bias: bool = True

    def declare(self, x: Shape) -> Declaration:
        n_in = check_flat_width(x, "dense")
        weights = {"W": Weight((n_in, self.units), fan_in=n_in, fan_out=self.units)}
        if self.bias:
            weights["b"] = Weight((1, self.units), fill="bias")
        return Declaration((self.units,), weights)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        y = x @ w["W"]
        if self.bias:
            y += w["b"]  # in place: y is this layer's own

        def backward(dy: Array, dw: Views) -> Array | None:
            # Straight into the gradient of theta, of which dw["W"] is a view: no copy of a large matrix.
            np.matmul(x.mT, dy, out=dw["W"])
            if self.bias:
                np.add.reduce(dy, axis=-2, keepdims=True, out=dw["b"])
            # The first layer of a network has nothing to hand its gradient on to.
            return dy @ w["W"].mT if ctx.propagate else None

        return y, backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        weights = [at.add_weight("W")]
        if self.bias:
            weights.append(at.add_weight("b", at.w["b"].ravel()))
        return at.add_node("Gemm", x.name, *weights)
