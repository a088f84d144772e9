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
        count, height, width, channels = x.shape
        moves = source.integers(0, 2 * self.padding + 1, (2, count)) - self.padding
        down = np.clip(moves[0], -height, height).tolist()
        right = np.clip(moves[1], -width, width).tolist()
        old_rows = x.reshape(count, height, width * channels)
        new_rows = np.zeros_like(old_rows)
        for n in range(count):  # slices copy whole stretches of a row; indexing goes pixel by pixel
            new_down, old_down = overlap_slices(down[n], height)
            new_across, old_across = overlap_slices(channels * right[n], width * channels)
            new_rows[n, new_down, new_across] = old_rows[n, old_down, old_across]
        return new_rows.reshape(x.shape), d


def overlap_slices(move: int, side: int) -> tuple[slice, slice]:
    """Where a row of `side` entries and itself, moved, overlap: from i to i + move.

    >>> overlap_slices(2, 5)
    (slice(0, 3, None), slice(2, 5, None))
    >>> overlap_slices(-1, 5)
    (slice(1, 5, None), slice(0, 4, None))
    """
    return slice(max(0, -move), side - max(0, move)), slice(max(0, move), side + min(0, move))
