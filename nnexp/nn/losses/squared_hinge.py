"""Multi-class squared hinge loss.   N examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.losses.margins import margin_gradient, margin_violations, mark_classes
from nnexp.registry import losses
from nnexp.typing import Array, NonNegative


@losses.register("squared_hinge")
@dataclass(frozen=True, slots=True)
class SquaredHinge(Loss):
    """The hinge loss with each violation of the margin squared, which has no kink.

        L = 1/N Σ_n Σ_{j≠y} v_j²,  v_j = max(0, z_j - z_y + Δ),  dz_j = 2 v_j / N,  dz_y = -Σ_{j≠y} dz_j

    core: z (N, K), d (N, K) -> (). y is the class with the largest share in d, at a tie the first. The outputs are
    scores, no probabilities. PyTorch's MultiMarginLoss(p=2) divides by K.
    Source: Tang 2013, Deep Learning using Linear Support Vector Machines (there one class against the rest); lecture
    notes.
    """

    margin: NonNegative = 1.0

    targets: ClassVar[tuple[Targets, ...]] = ("classes",)
    outputs: ClassVar[Outputs] = "scores"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        right, count = mark_classes(d), z.shape[-2]
        inside = margin_violations(z, right, self.margin)
        loss = np.add.reduce(inside * inside, axis=(-2, -1)) / count
        return loss, margin_gradient(right, 2 * inside) / count

    def predict(self, z: Array) -> Array:
        return z
