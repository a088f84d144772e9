"""The contract of an architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nnexp.layers.base import Layer


class Architecture(ABC):
    """A name for a list of layers; the resolved spec shows the list."""

    __slots__ = ()

    @abstractmethod
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the last of them `output`."""
