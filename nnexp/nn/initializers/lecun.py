"""LeCun's initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Distribution, Initializer, draw_scaled
from nnexp.nn.parameters import Weight
from nnexp.registry import initializers
from nnexp.typing import Array


@initializers.register("lecun")
@dataclass(frozen=True, slots=True)
class LeCun(Initializer):
    """Keeps the variance of a signal whose activation has slope 1 at zero, as SELU networks want it.

        Var W = 1/n_in

    `xavier: {fan: in}` by its older name. Source: LeCun, Bottou, Orr & Müller 1998, Efficient BackProp.
    """

    distribution: Distribution = "normal"

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return draw_scaled(generators, weight, 1 / weight.fan_in, self.distribution)
