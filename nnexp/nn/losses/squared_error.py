"""Squared error.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("squared_error")
@dataclass(frozen=True, slots=True)
class SquaredError(Loss):
    """Half the squared distance between outputs and targets.

        L = 1/N Σ_n ½ ‖z_n - d_n‖²,  dz = (z - d) / N

    core: z (N, O), d (N, O) -> (). One of the lecture notes leaves out the ½: twice this loss. For classes the targets
    are one-hot rows; after a sigmoid this is the pairing whose gradient dies when the unit saturates.
    Source: lecture notes, back-propagation sheet.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values", "classes", "binary")
    outputs: ClassVar[Outputs] = "values"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        error = z - d
        count = z.shape[-2]
        return 0.5 * np.add.reduce(error * error, axis=(-2, -1)) / count, error / count

    def predict(self, z: Array) -> Array:
        return z
