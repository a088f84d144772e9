"""What a data source gives.

M examples in the whole set, K classes, O outputs
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nnexp.losses.base import Targets
from nnexp.typing import AnyArray, Array, Shape


@dataclass(frozen=True, slots=True)
class Description:
    """What can be said of a data set without reading it, so that a spec is checked before any data is touched.

    shape: core shape of one example. outputs: the number of classes, of yes-or-no outputs, or of values.
    classes: the names of the classes, or of the outputs.
    """

    examples: int
    shape: Shape
    targets: Targets
    classes: tuple[str, ...]

    @property
    def outputs(self) -> int:
        return len(self.classes)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All examples: x (M, *shape) as the source stores them, and y, which is labels (M,) or values (M, O)."""

    x: AnyArray
    y: AnyArray
    description: Description

    @property
    def labels(self) -> AnyArray | None:
        """The class of each example (M,), or None where there are no classes."""
        return self.y if self.description.targets == "classes" else None

    def targets(self, dtype: np.dtype[np.floating]) -> Array:
        """The targets (M, O) as losses take them: one-hot rows for classes, otherwise the values."""
        if self.description.targets != "classes":
            return self.y.astype(dtype)
        return np.eye(self.description.outputs, dtype=dtype)[self.y]


class Source(ABC):
    """A set of examples, always the same for the same parameters."""

    __slots__ = ()

    @abstractmethod
    def describe(self) -> Description:
        """What the set holds, without reading it. Raises DataError where that cannot be said."""

    @abstractmethod
    def load(self) -> Dataset:
        """All examples. Raises DataError where they are missing or damaged."""
