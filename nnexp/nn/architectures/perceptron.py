"""The perceptron."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("perceptron")
@dataclass(frozen=True, slots=True)
class PerceptronNetwork(Architecture):
    """The first network that learned: weighted sums of the inputs, corrected by each example that it gets wrong.

        z = x W + b,  wrong:  w_true ← w_true + lr x,  w_chosen ← w_chosen - lr x

    core: x (N, I), W (I, K), b (1, K) -> scores (N, K); one score, yes above 0, where the target is one yes-or-no
    output. The layers are those of every linear model; what makes it a perceptron stands beside them: `loss:
    perceptron`, `optimizer: {sgd: {lr: 1}}`, `training: {batch_size: 1}`, `init: zeros`. Images are flattened first.
    Source: Rosenblatt 1958, The Perceptron, in the form with one row of weights for every class; lecture notes.
    """

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        return (*flatten_images(x), Output())
