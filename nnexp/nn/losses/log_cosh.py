"""Log-cosh loss.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("log_cosh")
@dataclass(frozen=True, slots=True)
class LogCosh(Loss):
    """Half the squared error for small errors, the absolute error less log 2 for large ones; smooth everywhere.

        L = 1/N Σ_n Σ_o log cosh(z - d),  dz = tanh(z - d) / N

    core: z (N, O), d (N, O) -> (). Stable at both ends: |ε| + log(1 + e^-2|ε|) - log 2, which cannot overflow, for
    errors ε of at least 1, and log(1 + 2 sinh²(ε/2)), in which nothing cancels, for smaller ones.
    Source: Green 1990, Bayesian reconstructions from emission tomography data; lecture notes, the general ψ.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values", "classes", "binary")
    outputs: ClassVar[Outputs] = "values"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        error = z - d
        size = np.abs(error)
        # `where` computes both sides: bounded by 1, since sinh overflows where the far formula is used.
        near = np.log1p(2 * np.square(np.sinh(np.minimum(size, 1) / 2)))
        far = size + np.log1p(np.exp(-2 * size)) - log(2)
        count = z.shape[-2]
        loss = np.add.reduce(np.where(size < 1, near, far), axis=(-2, -1)) / count
        return loss, np.tanh(error) / count

    def predict(self, z: Array) -> Array:
        return z
