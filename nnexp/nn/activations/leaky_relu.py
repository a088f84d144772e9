"""Leaky rectified linear unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.replicas import lift
from nnexp.registry import activations
from nnexp.typing import Array, Hyper


@activations.register("leaky_relu")
@dataclass(frozen=True, slots=True)
class LeakyReLU(Activation):
    """A ReLU that leaks a little where it is negative, so that no unit dies.

        f(z) = z if z > 0 else slope · z,  f'(z) = 1 or slope

    The derivative at z = 0 is the slope. The lecture notes use 0.01, their slides 0.1.
    Source: Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """

    slope: Hyper = 0.01

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        gradient = np.where(z > 0, z.dtype.type(1), lift(self.slope, z))
        return z * gradient, lambda da: da * gradient

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.select_by_sign(z.name, at.add_node("Mul", at.add_number(self.slope), z.name))
