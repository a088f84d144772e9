"""Inverted dropout.   N examples, I features"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.random import draw_uniform
from nnexp.nn.replicas import lift
from nnexp.registry import layers
from nnexp.typing import Array, Fraction, Shape


@layers.register("dropout")
@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """At training each unit is zero with probability `rate`; the kept ones are scaled so that the mean stays.

        y = x m / (1 - rate),  m ~ Bernoulli(1 - rate);  y = x at evaluation
        dx = dy m / (1 - rate)

    core: (N, ...) -> (N, ...). `rate` is the probability of a zero, as in PyTorch and Keras; the lecture notes' keep
    probability is 1 - rate. Inverted: nothing is rescaled at evaluation. Draws from the run's `dropout` generator.
    Source: Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting.
    """

    rate: Fraction

    is_random: ClassVar[bool] = True

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        if not ctx.training:
            return x, lambda dy, dw: dy
        rate = lift(self.rate, x)
        # Drawn in single precision whatever x has, so that the same units drop in both.
        kept = draw_uniform(ctx.generators, x.shape[1:]) >= rate
        scale = kept / (1 - rate)
        return x * scale, lambda dy, dw: dy * scale

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return x.name  # at evaluation it does nothing
