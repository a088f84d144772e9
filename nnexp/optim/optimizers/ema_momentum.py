"""Gradient descent along an average of gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from nnexp.optim.optimizers.averages import bind_average, bind_correction
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
        average_gradients, correction = bind_average(v, self.beta), bind_correction(self.beta)

        def update(t: int, lr: Array) -> None:
            average_gradients(grad)
            step = (lr / correction(t)).astype(theta.dtype) if self.bias_correction else lr
            theta[...] -= step * v

        return update
