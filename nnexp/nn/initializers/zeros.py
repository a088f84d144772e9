"""All weights zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.registry import initializers
from nnexp.typing import Array


@initializers.register("zeros")
@dataclass(frozen=True, slots=True)
class Zeros(Initializer):
    """Every weight is zero: the units of a layer stay equal and do not learn apart.

        W = 0

    Here to be looked at, not to be used. Source: lecture notes.
    """

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return np.zeros((len(generators), *weight.shape))
