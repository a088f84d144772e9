"""An autoencoder with one matrix.   N examples, I inputs, H hidden units"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, check_flat_width
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("tied_autoencoder")
@dataclass(frozen=True, slots=True)
class TiedAutoencoder(Layer):
    """Encodes with a matrix and decodes with its transpose.

        h = x W,  y = h Wᵀ
        dh = dy W,  dW = xᵀ dh + dyᵀ h,  dx = dh Wᵀ

    core: x (N, I), W (I, H) -> y (N, I). W is used twice, so its gradient is the sum of both paths. With
    `squared_error` against x itself the loss is ½‖x W Wᵀ - x‖². Source: lecture notes, third homework.
    """

    units: Count

    weight_uses: ClassVar[int] = 2  # its matrix encodes and, transposed, decodes

    def declare(self, x: Shape) -> Declaration:
        n_in = check_flat_width(x, "tied_autoencoder")
        return Declaration(x, {"W": Weight((n_in, self.units), fan_in=n_in, fan_out=self.units)})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        hidden = x @ w["W"]

        def backward(dy: Array, dw: Views) -> Array | None:
            dhidden = dy @ w["W"]
            np.matmul(x.mT, dhidden, out=dw["W"])  # this path overwrites what the last batch left, the other adds to it
            dw["W"] += dy.mT @ hidden
            return dhidden @ w["W"].mT if ctx.propagate else None

        return hidden @ w["W"].mT, backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        w = at.add_weight("W")
        return at.add_node("Gemm", at.add_node("Gemm", x.name, w), w, transB=1)
