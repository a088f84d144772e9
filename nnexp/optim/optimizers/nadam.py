"""Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.base import Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray


@optimizers.register("nadam")
@dataclass(frozen=True, slots=True)
class Nadam(Adam):
    """Adam whose momentum is taken one step ahead.

        m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²
        θ ← θ - lr · m̂ / (√v̂ + eps)
        m̂ = β1 m / (1 - β1ᵗ⁺¹) + (1 - β1) g / (1 - β1ᵗ),  v̂ = v / (1 - β2ᵗ)

    The paper's algorithm with a constant μ = β1. PyTorch and Keras let μ rise slowly to β1; PyTorch's NAdam with a
    huge `momentum_decay` is this rule. `bias_correction: false` leaves out the three divisions.
    Source: Dozat 2016, Incorporating Nesterov Momentum into Adam.
    """

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, v = slots["m"], slots["v"]
        beta1, rest1, beta2, rest2, eps = (
            lift(h, theta) for h in (self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, self.eps)
        )
        exact1, exact2 = (lift(h, np.empty((1, 1))) for h in (self.beta1, self.beta2))
        one = np.ones_like(eps)

        def update(t: int, lr: Array) -> None:
            m[...] *= beta1
            m[...] += rest1 * grad
            v[...] *= beta2
            v[...] += rest2 * (grad * grad)
            ahead, now, c2 = one, one, one
            if self.bias_correction:
                ahead, now, c2 = (c.astype(theta.dtype) for c in (1 - exact1 ** (t + 1), 1 - exact1**t, 1 - exact2**t))
            direction = beta1 / ahead * m + rest1 / now * grad
            theta[...] -= lr * direction / (np.sqrt(v / c2) + eps)

        return update
