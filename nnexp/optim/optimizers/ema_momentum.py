"""Gradient descent along an average of gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction


@optimizers.register("ema_momentum")
@dataclass(frozen=True, slots=True)
class EMAMomentum(Optimizer):
    """Gradient descent along an exponentially weighted average of the gradients.

        v ← β v + (1 - β) g,  θ ← θ - lr · v / (1 - βᵗ)

    The division corrects the bias towards zero of an average that starts there; `bias_correction: false` leaves it out.
    Without it this is `momentum` with the learning rate lr (1 - β), where lr does not change; a schedule acts on the
    whole average here. Source: lecture notes.
    """

    beta: Fraction = 0.9
    bias_correction: bool = True

    slots: ClassVar[tuple[str, ...]] = ("v",)

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        v = slots["v"]
        beta, rest = lift(self.beta, theta), lift(1 - self.beta, theta)
        exact = lift(self.beta, np.empty((1, 1)))

        def update(t: int, lr: Array) -> None:
            v[...] *= beta
            v[...] += rest * grad
            step = (lr / (1 - exact**t)).astype(theta.dtype) if self.bias_correction else lr
            theta[...] -= step * v

        return update
