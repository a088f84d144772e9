"""RMSProp with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.averages import bind_average
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction, Positive


@optimizers.register("rmsprop_momentum")
@dataclass(frozen=True, slots=True)
class RMSPropMomentum(Optimizer):
    """Momentum on gradients that are divided by their running size.

        a ← ρ a + (1 - ρ) g²,  v ← β v - lr · g / (√a + eps),  θ ← θ + v

    The learning rate stands inside the velocity, so a schedule acts on new gradients only; PyTorch's
    RMSprop(momentum=β) multiplies the whole velocity by it. Source: Tieleman & Hinton 2012, Coursera lecture 6.5;
    lecture notes (there with Nesterov's look-ahead as well, which this has not).
    """

    rho: Fraction = 0.9
    beta: Fraction = 0.9
    eps: Positive = 1e-7

    slots: ClassVar[tuple[str, ...]] = ("a", "velocity")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        a, velocity = slots["a"], slots["velocity"]
        beta, eps = lift(self.beta, theta), lift(self.eps, theta)
        average_squares = bind_average(a, self.rho)

        def update(t: int, lr: Array) -> None:
            average_squares(grad * grad)
            velocity[...] *= beta
            velocity[...] -= lr * grad / (np.sqrt(a) + eps)
            theta[...] += velocity

        return update
