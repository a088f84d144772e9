"""Max pooling.   N examples, H W C image, K side of a window, U V its positions"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.patches import cut_slices
from nnexp.nn.layers.windows import Windows, add_window_operator
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape

BLOCK_BYTES = 2**19
"""How much of the images the way back goes over at once. It reads each pixel K K times: it should stay in a core's
cache."""


@layers.register("max_pool")
@dataclass(frozen=True, slots=True)
class MaxPool(Layer):
    """The largest number in each window, channel by channel.

        y_uvc = max_ij x_(su+i)(sv+j)c;  dy_uvc goes to the pixel that was the largest,  s the stride

    core: x (N, H, W, C) -> y (N, U, V, C), U = (H - K) / s + 1. Where several pixels are the largest, dy goes to the
    first, in reading order. `stride` is `size` unless given, so that windows lie side by side.
    Source: Riesenhuber & Poggio 1999, Hierarchical Models of Object Recognition in Cortex; lecture notes.
    """

    size: Count = 2
    stride: Count | None = None

    def declare(self, x: Shape) -> Declaration:
        return Declaration((*self._make_windows().count_positions(x, "max_pool"), x[-1]))

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        stride = self.stride or self.size
        y = kernels.max_pool(x, self.size, stride)

        def backward(dy: Array, dw: Views) -> Array | None:
            dx = np.zeros((*dy.shape[:-3], *x.shape[-3:]), dy.dtype)
            for some in cut_slices(x.shape[-4], BLOCK_BYTES // x[:1, :1].nbytes):
                kernels.add_max_pool(dx[:, some], x[:, some], y[:, some], dy[:, some], self.size, stride)
            return dx

        return y, backward

    def _make_windows(self) -> Windows:
        return Windows(self.size, self.stride or self.size)

    def describe_window(self) -> tuple[int, int]:
        return self.size, self.stride or self.size

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return add_window_operator(at, "MaxPool", x, self.size, self.stride or self.size)
