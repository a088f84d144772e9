"""The contract of an architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.flatten import Flatten
from nnexp.typing import Shape


class Architecture(ABC):
    """A name for a list of layers; the resolved spec shows the list."""

    __slots__ = ()

    @abstractmethod
    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        """The layers for inputs of core shape `x`, the last of them `output`. ShapeError where `x` does not fit."""


def flatten_images(x: Shape) -> tuple[Layer, ...]:
    """What stands before a dense layer: nothing, or `flatten` where the inputs are images."""
    return (Flatten(),) if len(x) > 1 else ()
