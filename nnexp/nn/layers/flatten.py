"""Images as vectors.   N examples, H W C image"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("flatten")
@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """All numbers of an image as one vector, so that a dense layer can follow.

        y_(hW + w)C + c = x_hwc

    core: x (N, H, W, C) -> y (N, H W C), in the order of the array: channels vary fastest, where PyTorch's images,
    channels first, have them slowest. A flat input stays as it is. Source: LeCun et al. 1998, where the last images
    are vectors because their sides are 1.
    """

    keeps_positions: ClassVar[bool] = True

    def declare(self, x: Shape) -> Declaration:
        return Declaration((prod(x),))

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        examples, shape = x.shape[:2], x.shape[2:]
        return x.reshape(*examples, prod(shape)), lambda dy, dw: dy.reshape(*dy.shape[:-1], *shape)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Flatten", x.name, axis=1)
