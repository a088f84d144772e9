"""Dropout as first published.   N examples, I features"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.random import draw_uniform
from nnexp.nn.replicas import lift
from nnexp.registry import layers
from nnexp.typing import Array, Fraction, Shape


@layers.register("classic_dropout")
@dataclass(frozen=True, slots=True)
class ClassicDropout(Layer):
    """At training each unit is zero with probability `rate`; at evaluation all are there, each made smaller.

        y = x m,  m ~ Bernoulli(1 - rate);  y = (1 - rate) x at evaluation
        dx = dy m;  dx = (1 - rate) dy at evaluation

    core: (N, ...) -> (N, ...). Nothing is divided at training, so outputs are scaled at evaluation; `dropout` is the
    inverted form, which leaves evaluation alone. Draws from the run's `dropout` generator.
    Source: Hinton et al. 2012, Improving Neural Networks by Preventing Co-adaptation; lecture notes.
    """

    rate: Fraction

    is_random: ClassVar[bool] = True

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        rate = lift(self.rate, x)
        if not ctx.training:
            return x * (1 - rate), lambda dy, dw: dy * (1 - rate)
        # Drawn in single precision whatever x has, so that the same units drop in both.
        kept = draw_uniform(ctx.generators, x.shape[1:]) >= rate
        return x * kept, lambda dy, dw: dy * kept

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Mul", x.name, at.add_number(1 - np.asarray(self.rate, at.graph.dtype)))
