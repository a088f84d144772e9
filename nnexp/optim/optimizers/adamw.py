"""Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.base import Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, NonNegative


@optimizers.register("adamw")
@dataclass(frozen=True, slots=True)
class AdamW(Adam):
    """Adam whose weights shrink on their own, outside the adaptive step.

        W ← W - lr · decay · W, then Adam's update

    Weights only, not biases, gains and shifts. `decay` is multiplied by the scheduled learning rate, as in PyTorch;
    the paper multiplies by the schedule alone. Source: Loshchilov & Hutter 2017, Decoupled Weight Decay Regularization.
    """

    decay: NonNegative = 1e-2

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        decays = lift(self.decay, theta) * regularized
        adam = Adam.bind(self, theta, grad, slots, regularized)

        def update(t: int, lr: Array) -> None:
            theta[...] *= 1 - lr * decays
            adam(t, lr)

        return update
