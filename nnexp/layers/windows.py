"""Windows that move over an image.

N examples, H W C image, K side of a window, U V positions of the window down and across
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge
from numpy.lib.stride_tricks import sliding_window_view

from nnexp.layers.base import ShapeError, times
from nnexp.typing import Array, Shape

Padding: TypeAlias = Literal["valid", "same"] | Annotated[int, Ge(0)]
"""Zeros around an image: none, as many as keep its size at stride 1, or this many on each side."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows that move by `stride` over an image with zeros around it.

        U = (H - K + zeros) / stride + 1, and V likewise

    With `padding: same` the zeros make U = ⌈H / stride⌉; an odd one comes last, as in TensorFlow and PyTorch.
    """

    size: int
    stride: int = 1
    padding: Padding = "valid"

    def positions(self, x: Shape, layer: str) -> tuple[int, int]:
        """U and V for an image of shape `x`; ShapeError where the windows do not fit it."""
        height, width, _ = image(x, layer)
        ways = self._ways(x)
        what = f"{layer}: a window of {self.size} x {self.size}"
        where = f"an image of {height} x {width}" + (f" with padding {self.padding}" if self.padding != "valid" else "")
        if min(ways) < 0:
            raise ShapeError(f"{what} is larger than {where}")
        if any(way % self.stride for way in ways):
            fix = f"stride {', '.join(map(str, self._strides(x)))} does"
            raise ShapeError(f"{what} moving by {self.stride} does not end at the edge of {where}: {fix}")
        return ways[0] // self.stride + 1, ways[1] // self.stride + 1

    def _strides(self, x: Shape) -> list[int]:
        """The smallest strides whose steps lead from edge to edge."""
        candidates = ((s, replace(self, stride=s)._ways(x)) for s in range(1, max(x[:2]) + 1))  # noqa: SLF001
        fitting = (stride for stride, ways in candidates if all(way >= 0 and way % stride == 0 for way in ways))
        return list(islice(fitting, 4))

    def _ways(self, x: Shape) -> tuple[int, int]:
        """How far a window can move down and across."""
        return x[0] + sum(self._zeros(x[0])) - self.size, x[1] + sum(self._zeros(x[1])) - self.size

    def _zeros(self, side: int) -> tuple[int, int]:
        """The zeros before and after a side."""
        match self.padding:
            case "valid":
                return 0, 0
            case "same":
                total = max((-(-side // self.stride) - 1) * self.stride + self.size - side, 0)
                return total // 2, total - total // 2
            case number:
                return number, number

    def inside(self, x: Shape) -> tuple[slice, slice]:
        """The rows and columns of the padded image that are the image."""
        top, left = self._zeros(x[0])[0], self._zeros(x[1])[0]
        return slice(top, top + x[0]), slice(left, left + x[1])

    def blank(self, leading: Shape, x: Shape, dtype: np.dtype[np.floating]) -> Array:
        """Padded images of zeros. -> (..., H + zeros, W + zeros, C)"""
        down, across = self._ways(x)
        return np.zeros((*leading, down + self.size, across + self.size, x[2]), dtype)

    def padded(self, x: Array) -> Array:
        """The images with their zeros. (..., H, W, C) -> (..., H + zeros, W + zeros, C)"""
        if self.padding == "valid":
            return x
        shape = x.shape[-3:]
        padded = self.blank(x.shape[:-3], shape, x.dtype)
        padded[(..., *self.inside(shape), slice(None))] = x
        return padded

    def patches(self, padded: Array) -> Array:
        """What is seen through every window, a row each. (N, H, W, C) -> (N U V, K K C)"""
        windows = sliding_window_view(
            padded, (self.size, self.size), axis=(-3, -2)
        )  # (N, H - K + 1, W - K + 1, C, K, K)
        visited = np.moveaxis(windows[..., :: self.stride, :: self.stride, :, :, :], -3, -1)
        return visited.reshape(*padded.shape[:-4], -1, self.size * self.size * padded.shape[-1])

    def places(self, padded: Array) -> Iterator[Array]:
        """For each of the K K places in a window: what every window has there, as a view. (H, W, C) -> (U, V, C)"""
        down, across = (side - self.size for side in padded.shape[-3:-1])
        for i in range(self.size):
            for j in range(self.size):
                yield padded[..., i : i + down + 1 : self.stride, j : j + across + 1 : self.stride, :]


def image(x: Shape, layer: str) -> Shape:
    """The shape of an image, or ShapeError."""
    if len(x) != 3:
        raise ShapeError(f"{layer} takes images of height x width x channels, but these are {times(x)}")
    return x
