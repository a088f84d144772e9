"""Xavier (Glorot) initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initializers.base import Distribution, Fan, Initializer, count_fan, draw_scaled
from nnexp.nn.parameters import Weight
from nnexp.registry import initializers
from nnexp.typing import Array


@initializers.register("xavier")
@dataclass(frozen=True, slots=True)
class Xavier(Initializer):
    """Keeps the variance of a tanh network's signal from layer to layer.

        Var W = 1/n_in, 1/n_out or 2/(n_in + n_out), as `fan` says in, out or average

    The uniform form has the limit √(3 · Var W), which for the average is Glorot's √6/√(n_in + n_out).
    Source: Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.
    """

    fan: Fan = "average"
    distribution: Distribution = "normal"

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return draw_scaled(generators, weight, 1 / count_fan(weight, self.fan), self.distribution)
