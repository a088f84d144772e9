"""He initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Distribution, Fan, Initializer, count_fan, draw_scaled
from nnexp.nn.parameters import Weight
from nnexp.registry import initializers
from nnexp.typing import Array


@initializers.register("he")
@dataclass(frozen=True, slots=True)
class He(Initializer):
    """Keeps the variance of a ReLU network's signal, half of which the ReLU drops.

        Var W = 2/n_in, or 2/n_out, or 4/(n_in + n_out), as `fan` says in, out or average

    Source: He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers.
    """

    fan: Fan = "in"
    distribution: Distribution = "normal"

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return draw_scaled(generators, weight, 2 / count_fan(weight, self.fan), self.distribution)
