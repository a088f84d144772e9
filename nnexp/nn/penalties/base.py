"""The contract of a penalty.

    P parameters

A penalty acts on the weights that an initialiser draws, and not on biases, gains and shifts: it is handed those
weights as an array in which all other entries are zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from nnexp.typing import Array


class Penalty(ABC):
    """A term that is added to the loss; the sum is the objective."""

    __slots__ = ()

    has_constraint: ClassVar[bool] = False
    """Whether `constrain_weight` does anything."""

    @abstractmethod
    def __call__(self, weights: Array) -> tuple[Array, Array]:
        """The value and its gradient; zero entries give zero gradient. core: (P) -> (), (P)"""

    def constrain_weight(self, weight: Array) -> None:
        """Put one layer's weights back where they may be, in place, after every update. core: (..., O)"""
        return
