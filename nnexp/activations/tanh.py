"""Hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.activations.base import Activation
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("tanh")
@dataclass(frozen=True, slots=True)
class Tanh(Activation):
    """Squashes to (-1, 1), centred on zero.

        f(z) = tanh z,  f'(z) = 1 - a²

    The lecture notes print (1 - e^-z) / (1 + e^-z), which is tanh(z/2); this is the true tanh.
    """

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        a = np.tanh(z)
        return a, lambda da: da * (1 - a * a)
