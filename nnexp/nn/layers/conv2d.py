"""Convolution.   N examples, H W C image, K side of a filter, U V its positions, F filters"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.patches import cut_blocks, patch_blocks
from nnexp.nn.layers.windows import Padding, Windows, add_window_operator
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("conv2d")
@dataclass(frozen=True, slots=True)
class Conv2D(Layer):
    """Square filters that move over an image; each gives one channel of the output.

        y_uvf = b_f + Σ_ijc x_(su+i)(sv+j)c W_ijcf,  U = (H - K + zeros) / s + 1,  s the stride
        with the patches X, a row each:  Y = X W + b,  dW = Xᵀ dY,  db = Σ dY,  dX = dY Wᵀ

    core: x (N, H, W, C), W (K K C, F), b (1, 1, 1, F) -> y (N, U, V, F). Cross-correlation, as everywhere in this
    field: filters are not turned round. Fans: n_in = K K C, n_out = K K F. `padding` is `valid` (none), `same`
    (U = ⌈H / s⌉, an odd zero last) or the number of zeros on each side. A stride that does not end at the edge is an
    error. The patches are laid out a block at a time, so that memory does not grow with the batch.
    Source: LeCun et al. 1989, Backpropagation Applied to Handwritten Zip Code Recognition; lecture notes.
    """

    filters: Count
    kernel: Count
    stride: Count = 1
    padding: Padding = "valid"
    bias: bool = True

    def declare(self, x: Shape) -> Declaration:
        positions = self._make_windows().count_positions(x, "conv2d")
        area, channels = self.kernel * self.kernel, x[-1]
        shape = (area * channels, self.filters)
        weights = {"W": Weight(shape, fan_in=area * channels, fan_out=area * self.filters)}
        if self.bias:
            weights["b"] = Weight((1, 1, 1, self.filters), fill="bias")
        return Declaration((*positions, self.filters), weights)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        windows, shape = self._make_windows(), x.shape[-3:]
        y = correlate_windows(windows, x, w["W"])
        if self.bias:
            add_bias(y, w["b"])

        def backward(dy: Array, dw: Views) -> Array | None:
            dy = np.ascontiguousarray(dy)  # flatten_positions makes views, which other arrays do not have
            for gradient in dw.values():
                gradient[...] = 0  # the blocks below add up
            for block, patches in patch_blocks(windows, x, self.filters):
                drows = flatten_positions(dy[block])
                dw["W"] += patches.mT @ drows
                if self.bias:  # a product with ones, because NumPy adds up slowly where rows are short
                    dw["b"][..., 0, 0, 0, :] += np.ones(drows.shape[-2], dy.dtype) @ drows
            # The first layer of a network has nothing to hand its gradient on to.
            return backward_to_images(windows, shape, dy, w["W"]) if ctx.propagate else None

        return y, backward

    def _make_windows(self) -> Windows:
        return Windows(self.kernel, self.stride, self.padding)

    def describe_window(self) -> tuple[int, int]:
        return self.kernel, self.stride

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        (top, bottom), (left, right) = self._make_windows().zero_padding(x.shape)
        filters = at.w["W"][0].reshape(self.kernel, self.kernel, x.shape[-1], self.filters).transpose(3, 2, 0, 1)
        weights = [at.add_weight("W", filters)]
        if self.bias:
            weights.append(at.add_weight("b", at.w["b"].ravel()))
        pads = [top, left, bottom, right]
        return add_window_operator(at, "Conv", x, self.kernel, self.stride, *weights, pads=pads)


def correlate_windows(windows: Windows, x: Array, w: Array) -> Array:
    """Every filter's sum over every window. core: x (N, H, W, C), w (K K C, F) -> (N, U, V, F)"""
    positions = windows.count_positions(x.shape[-3:], "conv2d")
    y = np.empty((*w.shape[:-2], x.shape[-4], *positions, w.shape[-1]), x.dtype)
    for block, patches in patch_blocks(windows, x, w.shape[-1]):
        np.matmul(patches, w, out=flatten_positions(y[block]))
    return y


def backward_to_images(windows: Windows, shape: Shape, dy: Array, w: Array) -> Array:
    """dx: every pixel's sum over the windows that it is in.

    Where windows move by one pixel, they reach it from positions that are a window themselves, seen from the other
    side: dx is a correlation of dy with the filters turned by half a circle. With other strides, or where the image is
    much larger than the output, so that most of those windows would show zeros, the patches are added up.
    """
    turned = windows.backward_windows(shape)
    if turned is not None and prod(shape[:2]) <= 2 * prod(dy.shape[-3:-1]):
        filters = w.reshape(*w.shape[:-2], windows.size, windows.size, shape[-1], dy.shape[-1])
        filters = np.flip(filters, axis=(-4, -3)).mT  # turned, and inputs and outputs exchanged: (K, K, F, C)
        return correlate_windows(turned, dy, filters.reshape(*w.shape[:-2], -1, shape[-1]))
    return add_patch_gradients(windows, shape, dy, w)


def add_patch_gradients(windows: Windows, shape: Shape, dy: Array, w: Array) -> Array:
    """The way back by adding up the gradients of the patches, in blocks like those of the patches."""
    dx = np.empty((*dy.shape[:-3], *shape), dy.dtype)
    examples, strips = cut_blocks(windows, shape, dy.shape[-1], dy.shape[-4], dy.itemsize)
    for some in examples:
        dpadded = windows.make_padded(dy[:, some].shape[:-3], shape, dy.dtype)
        for strip in strips:
            part = dy[:, some, strip]
            each = (*part.shape[:-1], windows.size, windows.size, shape[-1])
            seen = dpadded[:, :, windows.row_slice(strip)]
            kernels.add_windows(seen, np.reshape(flatten_positions(part) @ w.mT, each), windows.stride)
        dx[:, some] = dpadded[(..., *windows.image_slices(shape), slice(None))]
    return dx


def add_bias(y: Array, b: Array) -> None:
    """Add b to y, a row of positions at a time: NumPy adds slowly where the last axis, here the filters', is short."""
    lines = np.reshape(y, (*y.shape[:-2], -1), copy=False)
    lines += np.tile(b[..., 0, :], y.shape[-2])


def flatten_positions(images: Array) -> Array:
    """Contiguous images, a row for each position: a view. (N, U, V, F) -> (N U V, F)"""
    return np.reshape(images, (*images.shape[:-4], -1, images.shape[-1]), copy=False)
