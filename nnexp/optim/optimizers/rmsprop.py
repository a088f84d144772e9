"""RMSProp."""

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


@optimizers.register("rmsprop")
@dataclass(frozen=True, slots=True)
class RMSProp(Optimizer):
    """Divides each entry's gradient by its running size.

        a ← ρ a + (1 - ρ) g²,  θ ← θ - lr · g / (√a + eps)

    eps is added outside the root, as in PyTorch; a is not centred and its start at zero is not corrected.
    Source: Tieleman & Hinton 2012, Coursera lecture 6.5; lecture notes.
    """

    rho: Fraction = 0.9
    eps: Positive = 1e-7

    slots: ClassVar[tuple[str, ...]] = ("a",)

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        a, eps = slots["a"], lift(self.eps, theta)
        average_squares = bind_average(a, self.rho)

        def update(t: int, lr: Array) -> None:
            average_squares(grad * grad)
            theta[...] -= lr * grad / (np.sqrt(a) + eps)

        return update
