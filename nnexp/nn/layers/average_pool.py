"""Average pooling.   N examples, H W C image, K side of a window, U V its positions"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.windows import Windows, add_window_operator
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("average_pool")
@dataclass(frozen=True, slots=True)
class AveragePool(Layer):
    """The mean of each window, channel by channel.

        y_uvc = Σ_ij x_(su+i)(sv+j)c / K²;  every pixel of a window gets dy_uvc / K²,  s the stride

    core: x (N, H, W, C) -> y (N, U, V, C), U = (H - K) / s + 1. `stride` is `size` unless given, so that windows lie
    side by side. Nothing is learned, unlike in the subsampling layers of LeCun et al. 1998.
    Source: LeCun et al. 1989, Handwritten Digit Recognition with a Back-Propagation Network; lecture notes.
    """

    size: Count = 2
    stride: Count | None = None

    def declare(self, x: Shape) -> Declaration:
        return Declaration((*self._make_windows().count_positions(x, "average_pool"), x[-1]))

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        stride, area = self.stride or self.size, self.size * self.size

        def backward(dy: Array, dw: Views) -> Array | None:
            dx = np.zeros((*dy.shape[:-3], *x.shape[-3:]), dy.dtype)
            kernels.add_sum_pool(dx, dy / area, self.size, stride)
            return dx

        return kernels.sum_pool(x, self.size, stride) / area, backward

    def _make_windows(self) -> Windows:
        return Windows(self.size, self.stride or self.size)

    def describe_window(self) -> tuple[int, int]:
        return self.size, self.stride or self.size

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return add_window_operator(at, "AveragePool", x, self.size, self.stride or self.size)
