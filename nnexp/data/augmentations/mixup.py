"""Mixup.   B examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.augmentations.base import Augmentation
from nnexp.registry import augmentations
from nnexp.typing import Array, Positive


@augmentations.register("mixup")
@dataclass(frozen=True, slots=True)
class Mixup(Augmentation):
    """Every example is mixed with another of its batch, targets and all.

        x'_n = λ x_n + (1 - λ) x_m,  d'_n = λ d_n + (1 - λ) d_m,  λ ~ Beta(alpha, alpha), m a random permutation of n

    One λ a batch, as in the paper's code. The training accuracy is counted against the larger share. A loss must take
    soft targets: cross_entropy does. Source: Zhang, Cissé, Dauphin & Lopez-Paz 2018, mixup: Beyond Empirical Risk
    Minimization.
    """

    alpha: Positive = 0.2

    def apply(self, x: Array, d: Array, source: np.random.Generator) -> tuple[Array, Array]:
        # one share for the whole batch, and the batch itself shuffled for partners, as the paper's own code does
        share = x.dtype.type(source.beta(self.alpha, self.alpha))
        others = source.permutation(len(x))
        return share * x + (1 - share) * x[others], share * d + (1 - share) * d[others]
