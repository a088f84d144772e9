"""Two-layer networks."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("two_layer")
@dataclass(frozen=True, slots=True)
class TwoLayer(Architecture):
    """An embedding of the inputs, and weighted sums of what it gives.

        y = f(x),  z = y W + b

    core: x (N, I), y (N, E), W (E, O), b (1, O) -> z (N, O). `embedding` is f, any layer with its parameters: the
    lecture notes have `{skip_connection: {linear: 4, nonlinear: 12}}`, `{residual: 12}`, `{parallel: [[...], [...]]}`,
    `{product: [[...], [...]]}`, `{gated: 12}`, `{softmax_gated: 12}` and `{rbf: 12}`; `{maxout: 12}` is one too.
    Whether it regresses or classifies is for the loss to say. Images are flattened first. Source: lecture notes on
    two-layer networks.
    """

    embedding: Layer

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        return (*flatten_images(x), self.embedding, Output())
