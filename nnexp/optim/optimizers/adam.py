"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.averages import bind_correction
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
        beta1, beta2, eps = lift(self.beta1, theta), lift(self.beta2, theta), lift(self.eps, theta)
        correction1, correction2 = bind_correction(self.beta1), bind_correction(self.beta2)
        one = np.ones_like(eps)

        def update(t: int, lr: Array) -> None:
            step, c2 = lr, one
            if self.bias_correction:
                # The powers of β are taken in double precision; what they are multiplied with may be single.
                step, c2 = (lr / correction1(t)).astype(theta.dtype), correction2(t).astype(theta.dtype)
            kernels.adam(theta, grad, m, v, beta1, beta2, eps, step, c2)

        return update
