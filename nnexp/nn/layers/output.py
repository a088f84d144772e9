"""The last layer, whose width the targets decide."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("output")
@dataclass(frozen=True, slots=True)
class Output(Layer):
    """A dense layer with one unit for every class, or for every value to predict.

        z = x W + b,  O = number of classes or of target values

    core: x (N, I) -> z (N, O). Gives logits, not probabilities: the loss applies the softmax or the sigmoid.
    In a spec it is written without a width; building the network fills it in.
    """

    bias: bool = True

    def with_units(self, units: int) -> Dense:
        """The dense layer that stands here once the number of targets is known."""
        return Dense(units, self.bias)

    def declare(self, x: Shape) -> Declaration:
        raise AssertionError("`output` is replaced by a dense layer when the network is built")

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        raise AssertionError("`output` is replaced by a dense layer when the network is built")
