"""The softmax classifier."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("softmax_classifier")
@dataclass(frozen=True, slots=True)
class SoftmaxClassifier(Architecture):
    """One weighted sum of the inputs for every class; the softmax of the sums are the classes' probabilities.

        p = softmax(x W + b),  the loss -log p of the true class with `loss: cross_entropy`

    core: x (N, I), W (I, K), b (1, K) -> logits (N, K); the loss applies the softmax. There is no symmetry to break, so
    `init: zeros` will do. Images are flattened first. Source: lecture notes; also called multinomial logistic
    regression.
    """

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        return (*flatten_images(x), Output())
