"""The contract of a normalisation.

M examples, D features
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from nnexp.typing import Array


class Normalization(ABC):
    """x ← (x - shift) / scale, fitted on the training part alone and applied to every part."""

    __slots__ = ()

    @abstractmethod
    def fit(self, x: Array) -> tuple[Array, Array]:
        """Shift and scale, each of one example's shape, from the training inputs x (M, ...) in double precision."""
