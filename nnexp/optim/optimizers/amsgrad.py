"""AMSGrad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.base import Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray


@optimizers.register("amsgrad")
@dataclass(frozen=True, slots=True)
class AMSGrad(Adam):
    """Adam that divides by the largest running size so far, so that no entry's step grows again.

        m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²,  u ← max(u, v)
        θ ← θ - lr · m̂ / (√û + eps),  m̂ = m / (1 - β1ᵗ),  û = u / (1 - β2ᵗ)

    The maximum is of the uncorrected v, and Adam's corrections follow it, as in PyTorch. The paper has neither them nor
    eps: `bias_correction: false`. Source: Reddi, Kale & Kumar 2018, On the Convergence of Adam and Beyond.
    """

    slots: ClassVar[tuple[str, ...]] = ("m", "v", "u")

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        m, v, u = slots["m"], slots["v"], slots["u"]
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
            np.maximum(u, v, out=u)
            step, c2 = lr, one
            if self.bias_correction:
                step, c2 = (lr / (1 - exact1**t)).astype(theta.dtype), (1 - exact2**t).astype(theta.dtype)
            theta[...] -= step * m / (np.sqrt(u / c2) + eps)

        return update
