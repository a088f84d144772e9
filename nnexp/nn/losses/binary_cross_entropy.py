"""Binary cross-entropy on logits.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.sigmoid import logistic
from nnexp.nn.losses.averages import average_sigmoid
from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("binary_cross_entropy")
@dataclass(frozen=True, slots=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of independent yes-or-no outputs, whose probabilities are sigmoids of the outputs.

        L = -1/N Σ_n Σ_o [d log p + (1 - d) log(1 - p)],  p = σ(z),  dz = (p - d) / N

    core: z (N, O), d (N, O) in [0, 1] -> (). Stable: max(z, 0) - z d + log(1 + e^-|z|) for each output.
    For classes the targets are one-hot rows: one classifier for each class against the rest.
    Source: lecture notes.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("binary", "classes")
    outputs: ClassVar[Outputs] = "logits"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        count = z.shape[-2]
        each = np.maximum(z, 0) - z * d + np.log1p(np.exp(-np.abs(z)))
        return np.add.reduce(each, axis=(-2, -1)) / count, (logistic(z) - d) / count

    def predict(self, z: Array) -> Array:
        return logistic(z)

    def average_outputs(self, z: Array) -> Array:
        return average_sigmoid(z)
