"""Absolute error.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("absolute_error")
@dataclass(frozen=True, slots=True)
class AbsoluteError(Loss):
    """The distance between outputs and targets, output by output: outliers pull no harder than others.

        L = 1/N Σ_n Σ_o |z - d|,  dz = sign(z - d) / N,  sign(0) = 0

    core: z (N, O), d (N, O) -> (). Its minimum is the median, as that of the squared error is the mean.
    Source: lecture notes, the general ψ of the error.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values", "classes", "binary")
    outputs: ClassVar[Outputs] = "values"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        error = z - d
        count = z.shape[-2]
        # NumPy gives 0 the sign 0, which is one of the subgradients there.
        return np.add.reduce(np.abs(error), axis=(-2, -1)) / count, np.sign(error) / count

    def predict(self, z: Array) -> Array:
        return z
