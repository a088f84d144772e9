"""Noisy inputs.   B examples"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.augmentations.base import Augmentation
from nnexp.registry import augmentations
from nnexp.typing import Array, NonNegative


@augmentations.register("noise")
@dataclass(frozen=True, slots=True)
class Noise(Augmentation):
    """Normal noise on every input.

        x' = x + std · ε,  ε ~ N(0, 1)

    In units of the normalised inputs. The layer `gaussian_noise` does the same anywhere in a network.
    Source: lecture notes on regularisation.
    """

    std: NonNegative

    def apply(self, x: Array, d: Array, source: np.random.Generator) -> tuple[Array, Array]:
        # drawn in double precision in any case, so that float32 and float64 see the same noise
        return x + (self.std * source.standard_normal(x.shape)).astype(x.dtype), d
