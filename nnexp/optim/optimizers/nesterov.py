"""Nesterov's accelerated gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction


@optimizers.register("nesterov")
@dataclass(frozen=True, slots=True)
class Nesterov(Optimizer):
    """Momentum whose gradient is taken where the velocity is about to carry the parameters.

        g at θ + β v,  v ← β v - lr · g,  θ ← θ + v

    The form of Sutskever et al. 2013 (On the importance of initialization and momentum), as in the lecture notes: the
    gradient, penalties included, really is evaluated at the point ahead, and θ itself is what is evaluated and saved.
    Source: Nesterov 1983.
    """

    beta: Fraction = 0.9

    slots: ClassVar[tuple[str, ...]] = ("velocity", "origin")

    def look_ahead(self, theta: Array, slots: Mapping[str, Array]) -> None:
        slots["origin"][...] = theta
        theta += lift(self.beta, theta) * slots["velocity"]

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        velocity, origin, beta = slots["velocity"], slots["origin"], lift(self.beta, theta)

        def update(t: int, lr: Array) -> None:
            velocity[...] *= beta
            velocity[...] -= lr * grad
            # From where the step began: theta is still at the point ahead, where the gradient was taken.
            np.add(origin, velocity, out=theta)

        return update
