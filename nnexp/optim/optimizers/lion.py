"""Lion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.averages import bind_average
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction, NonNegative, Positive


@optimizers.register("lion")
@dataclass(frozen=True, slots=True)
class Lion(Optimizer):
    """Steps of one size for every entry, along the sign of an average of gradients.

        θ ← θ - lr · (sign(β1 m + (1 - β1) g) + decay · θ),  m ← β2 m + (1 - β2) g

    Wants a learning rate three to ten times smaller than Adam's, and one that falls. `decay` is decoupled as in
    `adamw`, on weights only. Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms.
    """

    lr: Positive = 1e-4
    beta1: Fraction = 0.9
    beta2: Fraction = 0.99
    decay: NonNegative = 0.0

    slots: ClassVar[tuple[str, ...]] = ("m",)

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, decays = slots["m"], lift(self.decay, theta) * regularized
        beta1, rest1 = lift(self.beta1, theta), lift(1 - self.beta1, theta)
        average_gradients = bind_average(m, self.beta2)

        def update(t: int, lr: Array) -> None:
            theta[...] *= 1 - lr * decays
            # The step looks at m with β1 and only then m moves on with β2: two decays, one average.
            theta[...] -= lr * np.sign(beta1 * m + rest1 * grad)
            average_gradients(grad)

        return update
