"""All weights the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, Hyper


@initializers.register("constant")
@dataclass(frozen=True, slots=True)
class Constant(Initializer):
    """Every weight is the same number: as with zeros, the units of a layer cannot become different.

        W = value

    Source: lecture notes.
    """

    value: Hyper

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        ones = np.ones((len(generators), *weight.shape))
        return lift(self.value, ones) * ones
