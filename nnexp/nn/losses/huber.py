"""Huber's loss.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.replicas import lift
from nnexp.registry import losses
from nnexp.typing import Array, Positive


@losses.register("huber")
@dataclass(frozen=True, slots=True)
class Huber(Loss):
    """Squared error for small errors, absolute error beyond `delta`.

        L = 1/N Σ_n Σ_o ψ(z - d),  ψ(ε) = ½ ε² where |ε| <= δ, δ (|ε| - δ/2) elsewhere
        dz = min(δ, max(-δ, z - d)) / N

    core: z (N, O), d (N, O) -> (). Smooth to the first derivative. PyTorch's SmoothL1Loss(beta) is this loss divided
    by its beta. Source: Huber 1964, Robust Estimation of a Location Parameter; lecture notes, the general ψ.
    """

    delta: Positive = 1.0

    targets: ClassVar[tuple[Targets, ...]] = ("values", "classes", "binary")
    outputs: ClassVar[Outputs] = "values"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        error = z - d
        delta = lift(self.delta, error)
        bounded = np.clip(error, -delta, delta)
        count = z.shape[-2]
        # One formula for both sides: where |ε| <= δ, bounded is ε itself, and the product ½ ε².
        loss = np.add.reduce(bounded * (error - bounded / 2), axis=(-2, -1)) / count
        return loss, bounded / count

    def predict(self, z: Array) -> Array:
        return z
