"""The contract of an augmentation.   B examples of a batch, H W C image, O outputs"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from nnexp.typing import Array, Shape


class Augmentation(ABC):
    """A random change of the examples of a batch, at training only, by the run's own generator."""

    __slots__ = ()

    for_images: ClassVar[bool] = False
    """Whether it takes images only."""

    @abstractmethod
    def apply(self, x: Array, d: Array, source: np.random.Generator) -> tuple[Array, Array]:
        """Other inputs (B, ...) and targets (B, O) in place of normalised ones, which it may not write into."""


def augment_batch(
    several: Sequence[Augmentation], x: Array, d: Array, source: np.random.Generator
) -> tuple[Array, Array]:
    """The examples of a batch (B, ...), changed by each augmentation in turn."""
    for augmentation in several:
        x, d = augmentation.apply(x, d, source)
    return x, d


def fits_shape(augmentation: Augmentation, x: Shape) -> bool:
    """Whether inputs of this core shape can be changed so."""
    return len(x) == 3 or not augmentation.for_images
