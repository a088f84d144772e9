"""Random crops.   B examples, H W C image"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.augmentations.base import Augmentation
from nnexp.registry import augmentations
from nnexp.typing import Array, Count


@augmentations.register("random_crop")
@dataclass(frozen=True, slots=True)
class RandomCrop(Augmentation):
    """Images moved by a few pixels, each its own way.

        x'_ij = x_(i+u)(j+v), 0 outside the image;  u, v ~ uniform in -padding, ..., padding

    A crop of the size of the image from the image with `padding` zeros around it. Zeros are put in after the
    normalisation, so with zero mean they are the mean colour. Source: lecture notes on convolutional networks.
    """

    padding: Count

    for_images: ClassVar[bool] = True

    def apply(self, x: Array, d: Array, source: np.random.Generator) -> tuple[Array, Array]:
        count, height, width = x.shape[:3]
        around = ((0, 0), (self.padding, self.padding), (self.padding, self.padding), (0, 0))
        padded = np.pad(x, around)
        down, right = source.integers(0, 2 * self.padding + 1, (2, count, 1))
        rows, columns = down + np.arange(height), right + np.arange(width)
        return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]], d
