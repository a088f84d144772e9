"""Kullback-Leibler divergence with softmax.   N examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.kernels import softmax_cross_entropy
from nnexp.nn.losses.averages import average_softmax
from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("kl_divergence")
@dataclass(frozen=True, slots=True)
class KLDivergence(Loss):
    """How far the predicted distribution is from the target's, in nats; 0 where the two are equal.

        L = 1/N Σ_n Σ_k d_nk log(d_nk / p_nk),  p = softmax(z),  dz = (p - d) / N

    core: z (N, K), d (N, K) -> (). The forward divergence KL(d‖p), 0 log 0 being 0: cross-entropy less the targets' own
    entropy, so its gradient is cross-entropy's, and for one-hot targets it is cross-entropy.
    Source: Kullback & Leibler 1951, On Information and Sufficiency; lecture notes.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes",)
    outputs: ClassVar[Outputs] = "logits"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        loss, dz = softmax_cross_entropy(z, d)
        # 1 in place of 0, so that 0 log 0 is 0 and not NaN.
        negative_entropy = d * np.log(np.where(d > 0, d, 1))
        return loss + np.add.reduce(negative_entropy, axis=(-2, -1)) / z.shape[-2], dz

    def predict(self, z: Array) -> Array:
        return Softmax().apply(z)[0]

    def average_outputs(self, z: Array) -> Array:
        return average_softmax(z)
