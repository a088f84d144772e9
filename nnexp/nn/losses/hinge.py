"""Multi-class hinge loss.   N examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.losses.margins import margin_gradient, margin_violations, mark_classes
from nnexp.registry import losses
from nnexp.typing import Array, NonNegative


@losses.register("hinge")
@dataclass(frozen=True, slots=True)
class Hinge(Loss):
    """The support-vector machine's loss: each wrong class is to stay a margin below the right one.

        L = 1/N Σ_n Σ_{j≠y} max(0, z_j - z_y + Δ),  dz_j = [z_j - z_y + Δ > 0] / N,  dz_y = -Σ_{j≠y} dz_j

    core: z (N, K), d (N, K) -> (). The sum over all wrong classes, of Weston & Watkins, not the worst one alone, of
    Crammer & Singer. y is the class with the largest share in d, at a tie the first. The outputs are scores, which say
    which class is likelier but are no probabilities. PyTorch's MultiMarginLoss divides by K.
    Source: Weston & Watkins 1999, Support Vector Machines for Multi-Class Pattern Recognition; lecture notes.
    """

    margin: NonNegative = 1.0

    targets: ClassVar[tuple[Targets, ...]] = ("classes",)
    outputs: ClassVar[Outputs] = "scores"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        right, count = mark_classes(d), z.shape[-2]
        inside = margin_violations(z, right, self.margin)
        # An example just on the margin counts as outside: the slope there is 0.
        slopes = (inside > 0).astype(z.dtype)
        loss = np.add.reduce(inside, axis=(-2, -1)) / count
        return loss, margin_gradient(right, slopes) / count

    def predict(self, z: Array) -> Array:
        return z
