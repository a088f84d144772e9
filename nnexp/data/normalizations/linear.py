"""The four linear normalisations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.normalizations.base import Normalization
from nnexp.registry import normalizations
from nnexp.typing import Array


@normalizations.register("none")
@dataclass(frozen=True, slots=True)
class Unchanged(Normalization):
    """Inputs as the source gives them.

        x' = x

    For inputs that have a sensible size already.
    """

    def fit(self, x: Array) -> tuple[Array, Array]:
        return np.zeros(x.shape[1:]), np.ones(x.shape[1:])


@normalizations.register("center")
@dataclass(frozen=True, slots=True)
class Center(Normalization):
    """Zero mean for every feature.

        x' = x - μ,  μ over the training part

    The features keep their different spreads.
    """

    def fit(self, x: Array) -> tuple[Array, Array]:
        return x.mean(axis=0), np.ones(x.shape[1:])


@normalizations.register("standard")
@dataclass(frozen=True, slots=True)
class Standard(Normalization):
    """Zero mean and unit standard deviation for every feature.

        x' = (x - μ) / σ,  μ and σ (biased) over the training part

    A feature that never varies in training is centred and not scaled. The lecture notes write σ² where the divisor is
    meant to be the standard deviation.
    """

    def fit(self, x: Array) -> tuple[Array, Array]:
        varies = x.max(axis=0) > x.min(axis=0)  # the mean of equal numbers is rounded, so their σ may not be 0
        return x.mean(axis=0), _nonzero(np.where(varies, x.std(axis=0), 0))


@normalizations.register("min_max")
@dataclass(frozen=True, slots=True)
class MinMax(Normalization):
    """Every feature between 0 and 1.

        x' = (x - min) / (max - min),  min and max over the training part

    A feature that never varies in training is shifted and not scaled; other parts may leave [0, 1].
    """

    def fit(self, x: Array) -> tuple[Array, Array]:
        low = x.min(axis=0)
        return low, _nonzero(x.max(axis=0) - low)


def _nonzero(scale: Array) -> Array:
    return np.where(scale > 0, scale, 1)
