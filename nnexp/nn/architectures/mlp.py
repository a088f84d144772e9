"""The multi-layer perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Lt

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Count, Shape


@architectures.register("mlp")
@dataclass(frozen=True, slots=True)
class MLP(Architecture):
    """Dense layers of the given widths, each with the spec's activation, then the output layer.

        hidden h: dense(h) → [batch_norm] → activation → [dropout(rate)]

    With `batch_norm: true` the dense layers have no bias, which the normalisation would cancel.
    `hidden: []` is a linear model. Images are flattened first. Source: lecture notes on k-layer networks.
    """

    hidden: tuple[Count, ...]
    batch_norm: bool = False
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        layers: list[Layer] = []
        for units in self.hidden:
            layers += self._make_hidden_block(units)
        return (*flatten_images(x), *layers, Output())

    def _make_hidden_block(self, units: int) -> list[Layer]:
        block: list[Layer] = [Dense(units, bias=not self.batch_norm)]
        if self.batch_norm:
            block.append(BatchNorm())
        block.append(ActivationPlaceholder())
        if self.dropout:
            block.append(Dropout(self.dropout))
        return block
