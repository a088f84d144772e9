"""The inputs as targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from nnexp.data.dataset import Description
from nnexp.data.targets.base import Target
from nnexp.registry import targets
from nnexp.typing import AnyArray, Array


@targets.register("inputs")
@dataclass(frozen=True, slots=True)
class Inputs(Target):
    """The normalised inputs themselves, for autoencoders.

        d = x, flat

    What an image loses on its way through a narrow network, the loss measures. Source: lecture notes on autoencoders.
    """

    @property
    def needs_inputs(self) -> bool:
        return True

    def describe(self, data: Description) -> Description:
        return replace(data, targets="values", classes=tuple(f"x{i}" for i in range(prod(data.shape))))

    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        return x.reshape(len(x), prod(data.shape))
