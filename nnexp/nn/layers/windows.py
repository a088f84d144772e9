"""Windows that move over an image.

N examples, H W C image, K side of a window, U V positions of the window down and across
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import ImageShapeError, ShapeError, format_shape
from nnexp.typing import Array, Shape

Padding: TypeAlias = Literal["valid", "same"] | Annotated[int, Ge(0)]
"""Zeros around an image: none, as many as keep its size at stride 1, or this many on each side."""

ZeroPadding: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Zeros above and below an image, and left and right of it."""

MAX_SUGGESTED_STRIDES = 4
"""How many strides that fit a message names."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows that move by `stride` over an image with zeros around it.

        U = (H - K + zeros) / stride + 1, and V likewise

    With `padding: same` the zeros make U = ⌈H / stride⌉; an odd one comes last, as in TensorFlow and PyTorch.
    """

    size: int
    stride: int = 1
    padding: Padding | ZeroPadding = "valid"

    def count_positions(self, x: Shape, layer: str) -> tuple[int, int]:
        """U and V for an image of shape `x`; ShapeError where the windows do not fit it."""
        height, width, _ = check_image_shape(x, layer)
        down, across = self.count_moves(x)
        what = f"{layer}: a window of {self.size} x {self.size}"
        where = f"an image of {height} x {width}"
        if self.padding != "valid":
            where += f" with padding {self.padding}"
        if min(down, across) < 0:
            raise ShapeError(f"{what} is larger than {where}")
        if down % self.stride or across % self.stride:
            fix = f"stride {', '.join(map(str, self._find_strides(x)))} does"
            raise ShapeError(f"{what} moving by {self.stride} does not end at the edge of {where}: {fix}")
        return down // self.stride + 1, across // self.stride + 1

    def _find_strides(self, x: Shape) -> list[int]:
        """The smallest strides whose steps lead from edge to edge."""
        strides: list[int] = []
        for stride in range(1, max(x[:2]) + 1):
            # With `padding: same` the zeros, and so the way, depend on the stride.
            down, across = replace(self, stride=stride).count_moves(x)
            if min(down, across) >= 0 and down % stride == across % stride == 0:
                strides.append(stride)
        return strides[:MAX_SUGGESTED_STRIDES]

    def count_moves(self, x: Shape) -> tuple[int, int]:
        """How many pixels a window can move down and across."""
        down, across = self.zero_padding(x)
        return x[0] + sum(down) - self.size, x[1] + sum(across) - self.size

    def zero_padding(self, x: Shape) -> ZeroPadding:
        """The zeros around an image of shape `x`."""
        match self.padding:
            case "valid":
                return (0, 0), (0, 0)
            case "same":
                return self._split_padding(x[0]), self._split_padding(x[1])
            case int(number):
                return (number, number), (number, number)
            case zeros:
                return zeros

    def has_zero_padding(self, x: Shape) -> bool:
        """Whether there are any."""
        return self.zero_padding(x) != ((0, 0), (0, 0))

    def _split_padding(self, side: int) -> tuple[int, int]:
        positions = ceil(side / self.stride)
        # Never below none: a stride beyond the window's size leaves pixels out, and no zeros are missing.
        total = max((positions - 1) * self.stride + self.size - side, 0)
        return total // 2, total - total // 2

    def backward_windows(self, x: Shape) -> Windows | None:
        """The windows of the way back: through them every pixel sees the positions whose windows it was in.

        A pixel h was in the windows at h - K + 1 + top to h + top, so K - 1 - top zeros come before the positions. None
        where the windows do not move by one, and where there would be fewer zeros than none.
        """
        before_and_after = [(self.size - 1 - a, self.size - 1 - b) for a, b in self.zero_padding(x)]
        if self.stride > 1 or min(map(min, before_and_after)) < 0:
            return None
        down, across = before_and_after
        return Windows(self.size, padding=(down, across))

    def image_slices(self, x: Shape) -> tuple[slice, slice]:
        """The rows and columns of the padded image that are the image."""
        (top, _), (left, _) = self.zero_padding(x)
        return slice(top, top + x[0]), slice(left, left + x[1])

    def row_slice(self, strip: slice) -> slice:
        """The rows of the padded image that these rows of positions see."""
        return slice(strip.start * self.stride, (strip.stop - 1) * self.stride + self.size)

    def make_padded(self, leading: Shape, x: Shape, dtype: np.dtype[np.floating]) -> Array:
        """Padded images of zeros. -> (..., H + zeros, W + zeros, C)"""
        down, across = self.count_moves(x)
        return np.zeros((*leading, down + self.size, across + self.size, x[2]), dtype)


def check_image_shape(x: Shape, layer: str) -> Shape:
    """The shape of an image, or ShapeError."""
    if len(x) != 3:
        raise ImageShapeError(f"{layer} takes images of height x width x channels, but these are {format_shape(x)}")
    return x


def add_window_operator(
    at: LayerScope, op: str, x: GraphValue, size: int, stride: int, *weights: str, **attributes: Sequence[int]
) -> str:
    """An operator of an exported graph on square windows, between two transpositions."""
    first = at.add_node("Transpose", x.name, perm=[0, 3, 1, 2])
    y = at.add_node(op, first, *weights, kernel_shape=[size, size], strides=[stride, stride], **attributes)
    return at.add_node("Transpose", y, perm=[0, 2, 3, 1])
