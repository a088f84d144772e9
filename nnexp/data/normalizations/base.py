"""The contract of a normalisation."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.typing import Array


class Normalization(ABC):
    """x ← (x - shift) / scale, fitted on the training part alone and applied to every part."""

    __slots__ = ()

    @abstractmethod
    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        """Shift and scale, broadcastable to an example, from statistics of the training inputs."""
