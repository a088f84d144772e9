"""Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.averages import bind_average, bind_correction
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction, Positive


@optimizers.register("nadam")
@dataclass(frozen=True, slots=True)
class Nadam(Optimizer):
    """Adam whose momentum is taken one step ahead.

        m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²
        θ ← θ - lr · m̂ / (√v̂ + eps)
        m̂ = β1 m / (1 - β1ᵗ⁺¹) + (1 - β1) g / (1 - β1ᵗ),  v̂ = v / (1 - β2ᵗ)

    The paper's algorithm with a constant μ = β1. PyTorch and Keras let μ rise slowly to β1; PyTorch's NAdam with a
    huge `momentum_decay` is this rule. `bias_correction: false` leaves out the three divisions.
    Source: Dozat 2016, Incorporating Nesterov Momentum into Adam.
    """

    lr: Positive = 1e-3
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    bias_correction: bool = True

    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, v = slots["m"], slots["v"]
        average_gradients, average_squares = bind_average(m, self.beta1), bind_average(v, self.beta2)
        correction1, correction2 = bind_correction(self.beta1), bind_correction(self.beta2)
        beta1, rest1, eps = lift(self.beta1, theta), lift(1 - self.beta1, theta), lift(self.eps, theta)
        one = np.ones_like(eps)

        def update(t: int, lr: Array) -> None:
            average_gradients(grad)
            average_squares(grad * grad)
            ahead = now = c2 = one
            if self.bias_correction:
                # m is weighed as the next update will see it, so its correction is that of t + 1.
                ahead, now = correction1(t + 1).astype(theta.dtype), correction1(t).astype(theta.dtype)
                c2 = correction2(t).astype(theta.dtype)
            direction = beta1 / ahead * m + rest1 / now * grad
            theta[...] -= lr * direction / (np.sqrt(v / c2) + eps)

        return update
