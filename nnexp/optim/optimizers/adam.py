"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction, Positive


@optimizers.register("adam")
@dataclass(frozen=True, slots=True)
class Adam(Optimizer):
    """Momentum, divided by a running size of the gradient, entry by entry.

        m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²
        θ ← θ - lr · m̂ / (√v̂ + eps),  m̂ = m / (1 - β1ᵗ),  v̂ = v / (1 - β2ᵗ)

    `bias_correction: false` takes m and v as they are. eps is added outside the root, as in the paper's algorithm 1.
    Source: Kingma & Ba 2014, Adam: A Method for Stochastic Optimization; lecture notes.
    """

    lr: Positive = 1e-3
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    bias_correction: bool = True

    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, v = slots["m"], slots["v"]
        beta1, beta2, eps = (lift(h, theta) for h in (self.beta1, self.beta2, self.eps))
        exact = np.stack([lift(h, np.empty((1, 1))) for h in (self.beta1, self.beta2)])
        one = np.ones_like(eps)

        def update(t: int, lr: Array) -> None:
            if self.bias_correction:
                c1, c2 = 1 - exact**t
                step, correction = (lr / c1).astype(theta.dtype), c2.astype(theta.dtype)
            else:
                step, correction = lr, one
            kernels.adam(theta, grad, m, v, beta1, beta2, eps, step, correction)

        return update
