"""Cross-entropy with softmax.   N examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.kernels import softmax_cross_entropy
from nnexp.nn.losses.averages import average_softmax
from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.replicas import lift
from nnexp.registry import losses
from nnexp.typing import Array, Fraction


@losses.register("cross_entropy")
@dataclass(frozen=True, slots=True)
class CrossEntropy(Loss):
    """Minus the log-probability of the right class, the probabilities being the softmax of the outputs.

        L = -1/N Σ_n Σ_k d_nk log p_nk,  p = softmax(z),  dz = (p - d) / N

    core: z (N, K), d (N, K) -> (). Stable: shifted by the largest output, the logarithm taken of the sum alone.
    `label_smoothing: ε` puts 1 - ε on the class and ε/(K - 1) on each other class, as the lecture notes do. Libraries
    that spread ε over all K classes, the right one included, mean the same with ε(K - 1)/K here.
    Source: lecture notes; label smoothing, Szegedy et al. 2015, Rethinking the Inception Architecture.
    """

    label_smoothing: Fraction = 0.0

    targets: ClassVar[tuple[Targets, ...]] = ("classes",)
    outputs: ClassVar[Outputs] = "logits"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        return softmax_cross_entropy(z, smooth_labels(d, self.label_smoothing))

    def predict(self, z: Array) -> Array:
        return Softmax().apply(z)[0]

    def average_outputs(self, z: Array) -> Array:
        return average_softmax(z)


def smooth_labels(d: Array, epsilon: float | Array) -> Array:
    """1 - ε on the class, ε/(K - 1) on each other class. core: (N, K) -> (N, K)"""
    if not np.count_nonzero(epsilon):
        return d  # also for a single class, where K - 1 is 0
    e = lift(epsilon, d)
    other = e / (d.shape[-1] - 1)
    return other + d * (1 - e - other)
