"""AMSGrad."""

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


@optimizers.register("amsgrad")
@dataclass(frozen=True, slots=True)
class AMSGrad(Optimizer):
    """Adam that divides by the largest running size so far, so that no entry's step grows again.

        m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²,  u ← max(u, v)
        θ ← θ - lr · m̂ / (√û + eps),  m̂ = m / (1 - β1ᵗ),  û = u / (1 - β2ᵗ)

    The maximum is of the uncorrected v, and Adam's corrections follow it, as in PyTorch. The paper has neither them nor
    eps: `bias_correction: false`. Source: Reddi, Kale & Kumar 2018, On the Convergence of Adam and Beyond.
    """

    lr: Positive = 1e-3
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    bias_correction: bool = True

    slots: ClassVar[tuple[str, ...]] = ("m", "v", "u")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, v, u = slots["m"], slots["v"], slots["u"]
        average_gradients, average_squares = bind_average(m, self.beta1), bind_average(v, self.beta2)
        correction1, correction2 = bind_correction(self.beta1), bind_correction(self.beta2)
        eps = lift(self.eps, theta)
        one = np.ones_like(eps)

        def update(t: int, lr: Array) -> None:
            average_gradients(grad)
            average_squares(grad * grad)
            np.maximum(u, v, out=u)
            step, c2 = lr, one
            if self.bias_correction:
                step, c2 = (lr / correction1(t)).astype(theta.dtype), correction2(t).astype(theta.dtype)
            theta[...] -= step * m / (np.sqrt(u / c2) + eps)

        return update
