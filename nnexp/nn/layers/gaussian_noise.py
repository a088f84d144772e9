"""Noise injection.   N examples, I features"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.random import draw_normal
from nnexp.nn.replicas import lift
from nnexp.registry import layers
from nnexp.typing import Array, NonNegative, Shape


@layers.register("gaussian_noise")
@dataclass(frozen=True, slots=True)
class GaussianNoise(Layer):
    """At training a normal number is added to each entry.

        y = x + std ε,  ε ~ N(0, 1);  y = x at evaluation
        dx = dy

    core: (N, ...) -> (N, ...). Draws from the run's `dropout` generator; the same numbers, rounded, in either
    precision. Source: Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization; lecture notes.
    """

    std: NonNegative

    is_random: ClassVar[bool] = True

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        if not ctx.training:
            return x, lambda dy, dw: dy
        noise = draw_normal(ctx.generators, x.shape[1:]).astype(x.dtype)
        return x + lift(self.std, x) * noise, lambda dy, dw: dy

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return x.name  # at evaluation it does nothing
