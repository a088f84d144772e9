"""The autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Count, Shape


@architectures.register("autoencoder")
@dataclass(frozen=True, slots=True)
class Autoencoder(Architecture):
    """Dense layers down to a code, and back to the inputs through the same widths.

        x → dense(h1) → ... → dense(hL) the code → ... → dense(h1) → output

    `hidden` gives the encoder's widths h1 ... hL; the decoder mirrors them, and each layer but the last is followed by
    the spec's activation. The targets are the inputs themselves, so `loss: squared_error` makes ½‖y - x‖² small. With
    one hidden layer and `activation: identity` it finds the subspace of the principal components. Images are flattened
    first. Source: Hinton & Salakhutdinov 2006, Reducing the Dimensionality of Data with Neural Networks, without its
    stage-wise pre-training; lecture notes.
    """

    hidden: Annotated[tuple[Count, ...], MinLen(1)]

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        widths = (*self.hidden, *self.hidden[-2::-1])  # the code, the last of `hidden`, is there once
        layers: list[Layer] = []
        for units in widths:
            layers += [Dense(units), ActivationPlaceholder()]
        return (*flatten_images(x), *layers, Output())
