"""Layer normalisation.   N examples, D features; for images all of H W C together"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError
from nnexp.nn.layers.standardize import add_scale_and_shift, add_standardization, standardize
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Positive, Shape


@layers.register("layer_norm")
@dataclass(frozen=True, slots=True)
class LayerNorm(Layer):
    """Every example gets zero mean and unit variance over its features, then each feature a learned gain and shift.

        x̂ = (x - μ) / √(σ² + ε),  y = γ x̂ + β,  μ and σ² over the features of one example, σ² biased
        dγ = Σ dy x̂,  dβ = Σ dy,  dx̂ = dy γ,  dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / √(σ² + ε)

    core: x (N, D), γ and β (1, D) -> y (N, D); or (N, H, W, C) with γ and β (1, H, W, C), normalised over H, W and C
    together, as PyTorch's LayerNorm((H, W, C)); Keras normalises over C alone. The batch does not matter, and
    evaluation is as training. Source: Ba, Kiros & Hinton 2016, Layer Normalization.
    """

    epsilon: Positive = 1e-5

    def declare(self, x: Shape) -> Declaration:
        if prod(x) == 1:
            raise ShapeError("layer_norm needs more than one number in an example: a single one always becomes 0")
        return Declaration(x, {"gain": Weight((1, *x), fill=1.0), "shift": Weight((1, *x), fill=0.0)})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        normed, back = standardize(x.reshape(*x.shape[:2], 1, -1), self.epsilon)
        normed = normed.reshape(*normed.shape[:2], *x.shape[2:])
        examples = 1 - x.ndim  # the axis of the examples, counted from the right

        def backward(dy: Array, dw: Views) -> Array | None:
            np.add.reduce(dy * normed, axis=examples, keepdims=True, out=dw["gain"])
            np.add.reduce(dy, axis=examples, keepdims=True, out=dw["shift"])
            if not ctx.propagate:
                return None
            dnormed = dy * w["gain"]
            return back(dnormed.reshape(*dy.shape[:2], 1, -1)).reshape(dy.shape)

        return normed * w["gain"] + w["shift"], backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        axes = list(range(1, 1 + len(x.shape)))
        return add_scale_and_shift(at, add_standardization(at, x.name, axes, self.epsilon))
