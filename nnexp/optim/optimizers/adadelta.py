"""Adadelta."""

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


@optimizers.register("adadelta")
@dataclass(frozen=True, slots=True)
class Adadelta(Optimizer):
    """Steps in the unit of the parameters: the running size of past steps over that of gradients.

        a ← ρ a + (1 - ρ) g²,  s = √(u + eps) / √(a + eps) · g,  u ← ρ u + (1 - ρ) s²,  θ ← θ - lr · s

    eps is added inside both roots. The paper has no learning rate: lr 1. Its ρ is 0.95, PyTorch's default 0.9.
    Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method.
    """

    lr: Positive = 1.0
    rho: Fraction = 0.95
    eps: Positive = 1e-6

    slots: ClassVar[tuple[str, ...]] = ("a", "u")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        a, u = slots["a"], slots["u"]
        average_gradients, average_steps = bind_average(a, self.rho), bind_average(u, self.rho)
        eps = lift(self.eps, theta)

        def update(t: int, lr: Array) -> None:
            average_gradients(grad * grad)
            step = np.sqrt((u + eps) / (a + eps)) * grad
            average_steps(step * step)
            theta[...] -= lr * step

        return update
