"""ADALINE."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("adaline")
@dataclass(frozen=True, slots=True)
class Adaline(Architecture):
    """The adaptive linear element: weighted sums of the inputs, drawn towards the target by their error.

        z = x W + b,  W ← W - lr xᵀ (z - d)

    core: x (N, I), W (I, O), b (1, O) -> z (N, O). Unlike the perceptron's, the error is taken before the threshold, so
    right answers correct too. The layers are those of every linear model; what makes it an ADALINE stands beside them:
    `loss: squared_error`, `optimizer: {sgd: {lr: 0.01}}`, `training: {batch_size: 1}` (the rule of Widrow and Hoff).
    Classes are 0 and 1 here, -1 and 1 in the paper. Images are flattened first. Source: Widrow & Hoff 1960, Adaptive
    Switching Circuits; lecture notes.
    """

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        return (*flatten_images(x), Output())
