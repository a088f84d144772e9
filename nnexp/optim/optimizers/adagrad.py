"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Positive


@optimizers.register("adagrad")
@dataclass(frozen=True, slots=True)
class Adagrad(Optimizer):
    """Divides each entry's learning rate by the size of all its gradients so far.

        a ← a + g²,  θ ← θ - lr · g / (√a + eps)

    eps is added outside the root. a starts at zero. Source: Duchi, Hazan & Singer 2011, Adaptive Subgradient Methods
    (the diagonal form); lecture notes.
    """

    eps: Positive = 1e-7

    slots: ClassVar[tuple[str, ...]] = ("a",)

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        a, eps = slots["a"], lift(self.eps, theta)

        def update(t: int, lr: Array) -> None:
            a[...] += grad * grad
            theta[...] -= lr * grad / (np.sqrt(a) + eps)

        return update
