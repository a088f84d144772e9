"""Maxout.   N examples, I inputs, O outputs, K pieces"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, check_flat_width
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.first_maximum import find_first_maximum
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("maxout")
@dataclass(frozen=True, slots=True)
class Maxout(Layer):
    """Every output is the largest of several weighted sums of the inputs.

        y = max_k (x W_k + b_k);  dy goes to the piece that was the largest

    core: x (N, I), W (I, K O), b (1, K O) -> y (N, O); piece k has the columns k O to (k + 1) O. Of equal pieces the
    first counts. It is an activation and its dense layer in one. Fans: n_in = I, n_out = O, since an output follows
    one piece at a time. Source: Goodfellow et al. 2013, Maxout Networks.
    """

    units: Count
    pieces: Count = 2

    def declare(self, x: Shape) -> Declaration:
        n_in, width = check_flat_width(x, "maxout"), self.pieces * self.units
        weights = {
            "W": Weight((n_in, width), fan_in=n_in, fan_out=self.units),
            "b": Weight((1, width), fill="bias"),
        }
        return Declaration((self.units,), weights)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        z, back = Dense(self.pieces * self.units).forward(w, x, ctx)
        y, which = find_first_maximum(np.split(z, self.pieces, axis=-1))

        def backward(dy: Array, dw: Views) -> Array | None:
            # Only the piece that gave the output gets a gradient.
            dz = [np.where(which == piece, dy, 0) for piece in range(self.pieces)]
            return back(np.concatenate(dz, axis=-1), dw)

        return y, backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        # Piece k stands in the columns k O to (k + 1) O.
        z = Dense(self.pieces * self.units).add_to_graph(at, x)
        pieces = at.add_node("Reshape", z, at.add_integers([-1, self.pieces, self.units]))
        return at.add_node("ReduceMax", pieces, at.add_integers([1]), keepdims=0)
