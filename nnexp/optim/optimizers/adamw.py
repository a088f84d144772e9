"""Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from nnexp.nn.replicas import lift
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.registry import optimizers
from nnexp.typing import Array, BoolArray, Fraction, NonNegative, Positive


@optimizers.register("adamw")
@dataclass(frozen=True, slots=True)
class AdamW(Optimizer):
    """Adam whose weights shrink on their own, outside the adaptive step.

        W ← W - lr · decay · W, then Adam's update

    Weights only, not biases, gains and shifts. `decay` is multiplied by the scheduled learning rate, as in PyTorch;
    the paper multiplies by the schedule alone. Source: Loshchilov & Hutter 2017, Decoupled Weight Decay Regularization.
    """

    lr: Positive = 1e-3
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    eps: Positive = 1e-8
    bias_correction: bool = True
    decay: NonNegative = 1e-2

    slots: ClassVar[tuple[str, ...]] = Adam.slots

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        decays = lift(self.decay, theta) * regularized
        adam = Adam(self.lr, self.beta1, self.beta2, self.eps, self.bias_correction)
        update_by_adam = adam.bind(theta, grad, slots, regularized)

        def update(t: int, lr: Array) -> None:
            theta[...] *= 1 - lr * decays
            update_by_adam(t, lr)

        return update
