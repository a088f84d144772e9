"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction


@optimizers.register("momentum")
@dataclass(frozen=True, slots=True)
class Momentum(Optimizer):
    """Gradient descent that keeps a velocity.

        v ← β v - lr · g,  θ ← θ + v

    The learning rate stands inside the velocity, so a schedule acts on new gradients only; PyTorch multiplies the
    whole velocity by it. Source: Polyak 1964; lecture notes.
    """

    beta: Fraction = 0.9

    slots: ClassVar[tuple[str, ...]] = ("velocity",)

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        velocity, beta = slots["velocity"], lift(self.beta, theta)

        def update(t: int, lr: Array) -> None:
            velocity[...] *= beta
            velocity[...] -= lr * grad
            theta[...] += velocity

        return update
