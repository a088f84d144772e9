"""Cutout.   B examples, H W C image"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.augmentations.base import Augmentation
from nnexp.registry import augmentations
from nnexp.typing import Array, BoolArray, Count


@augmentations.register("cutout")
@dataclass(frozen=True, slots=True)
class Cutout(Augmentation):
    """A square of every image is blotted out.

        x'_ij = 0 where |i - u| and |j - v| are less than half the size;  (u, v) uniform over the image

    The square has `size` pixels a side and may reach over the edge, as in the paper. Zeros are put in after the
    normalisation. Source: DeVries & Taylor 2017, Improved Regularization of Convolutional Neural Networks with Cutout.
    """

    size: Count

    for_images: ClassVar[bool] = True

    def apply(self, x: Array, d: Array, source: np.random.Generator) -> tuple[Array, Array]:
        count, height, width, _ = x.shape
        rows = self._mark_span(height, count, source)
        columns = self._mark_span(width, count, source)
        square = rows[:, :, None] & columns[:, None, :]
        return np.where(square[..., None], np.zeros((), x.dtype), x), d

    def _mark_span(self, side: int, count: int, source: np.random.Generator) -> BoolArray:
        """Which rows, or columns, of each image are in the square. (B, side)"""
        # the centre is anywhere in the image, so that a square may reach over its border, as in the paper
        first = source.integers(0, side, (count, 1)) - self.size // 2
        places = np.arange(side)
        return (places >= first) & (places < first + self.size)
