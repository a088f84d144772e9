"""Convolution.   N examples, H W C image, K side of a filter, U V its positions, F filters"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from nnexp.layers.base import Backward, Context, Layer
from nnexp.layers.windows import Padding, Windows
from nnexp.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape

BLOCK_BYTES = 2**20
"""How many patches are laid out at once: what a core's cache holds. It depends on the shape of one example alone."""


@layers.register("conv2d")
@dataclass(frozen=True, slots=True)
class Conv2D(Layer):
    """Square filters that move over an image; each gives one channel of the output.

        y_uvf = b_f + Σ_ijc x_(su+i)(sv+j)c W_ijcf,  U = (H - K + zeros) / s + 1,  s the stride
        with the patches X, a row each:  Y = X W + b,  dW = Xᵀ dY,  db = Σ dY,  dX = dY Wᵀ

    core: x (N, H, W, C), W (K K C, F), b (1, 1, 1, F) -> y (N, U, V, F). Cross-correlation, as everywhere in this
    field: filters are not turned round. Fans: n_in = K K C, n_out = K K F. `padding` is `valid` (none), `same`
    (U = ⌈H / s⌉, an odd zero last) or the number of zeros on each side. A stride that does not end at the edge is an
    error. The patches are laid out a block of examples at a time, so that memory does not grow with the batch.
    Source: LeCun et al. 1989, Backpropagation Applied to Handwritten Zip Code Recognition; lecture notes.
    """

    filters: Count
    kernel: Count
    stride: Count = 1
    padding: Padding = "valid"
    bias: bool = True

    def declare(self, x: Shape) -> Declaration:
        positions = self._windows().positions(x, "conv2d")
        area, channels = self.kernel * self.kernel, x[-1]
        shape = (area * channels, self.filters)
        weights = {"W": Weight(shape, fan_in=area * channels, fan_out=area * self.filters)}
        if self.bias:
            weights["b"] = Weight((1, 1, 1, self.filters), fill="bias")
        return Declaration((*positions, self.filters), weights)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        windows, shape = self._windows(), x.shape[-3:]
        positions = windows.positions(shape, "conv2d")
        blocks = list(self._blocks(x, positions))
        y = np.empty((*w["W"].shape[:-2], x.shape[-4], *positions, self.filters), x.dtype)
        for block in blocks:
            np.matmul(windows.patches(windows.padded(x[:, block])), w["W"], out=rows(y[:, block]))
        if self.bias:
            y += w["b"]

        def backward(dy: Array, dw: Views) -> Array | None:
            dy = np.ascontiguousarray(dy)
            if self.bias:
                np.add.reduce(dy, axis=(-4, -3, -2), keepdims=True, out=dw["b"])
            dw["W"][...] = 0
            for block in blocks:
                dw["W"] += windows.patches(windows.padded(x[:, block])).mT @ rows(dy[:, block])
            return back_to_images(dy) if ctx.propagate else None

        def back_to_images(dy: Array) -> Array:
            """Every pixel's sum over the patches that it is in."""
            dx = np.empty((*dy.shape[:-3], *shape), dy.dtype)
            for block in blocks:
                part = dy[:, block]
                dpatches = (rows(part) @ w["W"].mT).reshape(*part.shape[:-1], self.kernel * self.kernel, shape[-1])
                dpadded = windows.blank(part.shape[:-3], shape, dy.dtype)
                for place, pixels in enumerate(windows.places(dpadded)):
                    np.add(pixels, dpatches[..., place, :], out=pixels)
                dx[:, block] = dpadded[(..., *windows.inside(shape), slice(None))]
            return dx

        return y, backward

    def _windows(self) -> Windows:
        return Windows(self.kernel, self.stride, self.padding)

    def _blocks(self, x: Array, positions: Shape) -> Iterator[slice]:
        """The batch, cut into blocks of as many examples as have BLOCK_BYTES of patches."""
        bytes_each = prod(positions) * self.kernel * self.kernel * x.shape[-1] * x.itemsize
        size = max(1, BLOCK_BYTES // bytes_each)
        return (slice(start, start + size) for start in range(0, x.shape[-4], size))


def rows(images: Array) -> Array:
    """Contiguous images, a row for each position: a view. (N, U, V, F) -> (N U V, F)"""
    return np.reshape(images, (*images.shape[:-4], -1, images.shape[-1]), copy=False)
