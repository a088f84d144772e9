"""The contract of a target.

N examples of one part, K classes, O outputs
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from nnexp.data.dataset import Description
from nnexp.typing import AnyArray, Array, IntArray


class TargetError(ValueError):
    """A target that the data do not offer; the message says what would do."""


class Target(ABC):
    """What a network shall predict from a data set."""

    __slots__ = ()

    @property
    def needs_inputs(self) -> bool:
        """Whether the targets are made from the inputs."""
        return False

    @abstractmethod
    def describe(self, data: Description) -> Description:
        """The data set with this as what there is to predict. Raises TargetError where it does not offer that."""

    def find_source_values(self, data: Description) -> IntArray:
        """For each output, which of the source's values it is; -1 where it is none. (O)

        `data` describes the source. Values of the source may be scaled, and what is made of classes or inputs is not.
        """
        return np.full(self.describe(data).output_count, -1)

    @abstractmethod
    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        """The targets d (N, O) from normalised inputs x (N, ...) and the labels or values y (N, ...) of the source.

        `data` describes the source. Classes become one-hot rows; d has the precision of x.
        """


def name_groups(groups: Sequence[Sequence[int]], classes: Sequence[str]) -> tuple[str, ...]:
    """The names of groups of classes, which are given by their numbers.

    >>> name_groups([[0, 2], [1]], ["cat", "dog", "hen"])
    ('cat/hen', 'dog')
    """
    return tuple(_name_group(group, classes) for group in groups)


def _name_group(group: Sequence[int], classes: Sequence[str]) -> str:
    return "/".join(classes[k] for k in group)


def one_hot(labels: AnyArray, classes: int, dtype: np.dtype[np.floating]) -> Array:
    """A row for each label, 1 in its place. (N) -> (N, K)"""
    return np.eye(classes, dtype=dtype)[labels]
