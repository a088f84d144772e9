"""Global average pooling.   N examples, H W C image"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.windows import check_image_shape
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("global_average_pool")
@dataclass(frozen=True, slots=True)
class GlobalAveragePool(Layer):
    """Each channel's mean over the whole image.

        y_c = Σ_hw x_hwc / (H W);  every pixel gets dy_c / (H W)

    core: x (N, H, W, C) -> y (N, C), so that a dense layer can follow.
    Source: Lin, Chen & Yan 2014, Network In Network.
    """

    def declare(self, x: Shape) -> Declaration:
        return Declaration(check_image_shape(x, "global_average_pool")[-1:])

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        pixels = x.shape[-3] * x.shape[-2]

        def backward(dy: Array, dw: Views) -> Array | None:
            share = (dy / pixels)[..., None, None, :]
            # A copy, as a broadcast view has no bytes of its own for the layers before to take views of.
            return np.broadcast_to(share, (*dy.shape[:-1], *x.shape[-3:])).copy()

        return np.add.reduce(x, axis=(-3, -2)) / pixels, backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("ReduceMean", x.name, at.add_integers([1, 2]), keepdims=0)
