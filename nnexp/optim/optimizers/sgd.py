"""Gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray


@optimizers.register("sgd")
@dataclass(frozen=True, slots=True)
class SGD(Optimizer):
    """Plain gradient descent on minibatches.

        θ ← θ - lr · g

    With `training.batch_size: 1` it is stochastic gradient descent, with `full` batch gradient descent.
    Source: lecture notes; Robbins & Monro 1951.
    """

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        def update(t: int, lr: Array) -> None:
            theta[...] -= lr * grad

        return update
