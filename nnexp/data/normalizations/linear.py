"""The linear normalisations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.feature_statistics import FeatureStatistics
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

    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        return np.zeros(()), np.ones(())


@normalizations.register("center")
@dataclass(frozen=True, slots=True)
class Center(Normalization):
    """Zero mean for every feature.

        x' = x - μ,  μ over the training part

    The features keep their different spreads.
    """

    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        return x.compute_mean(), np.ones(())


@normalizations.register("standard")
@dataclass(frozen=True, slots=True)
class Standard(Normalization):
    """Zero mean and unit standard deviation for every feature.

        x' = (x - μ) / σ,  μ and σ (biased) over the training part

    A feature that never varies in training is centred and not scaled. The lecture notes write σ² where the divisor is
    meant to be the standard deviation.
    """

    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        varies = x.compute_max() > x.compute_min()  # the mean of equal numbers is rounded, so their σ may not be 0
        mean = x.compute_mean()
        return mean, _replace_zeros(np.where(varies, x.compute_std(mean), 0))


@normalizations.register("min_max")
@dataclass(frozen=True, slots=True)
class MinMax(Normalization):
    """Every feature between 0 and 1.

        x' = (x - min) / (max - min),  min and max over the training part

    A feature that never varies in training is shifted and not scaled; other parts may leave [0, 1].
    """

    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        low = x.compute_min()
        return low, _replace_zeros(x.compute_max() - low)


@normalizations.register("per_channel")
@dataclass(frozen=True, slots=True)
class PerChannel(Normalization):
    """Zero mean and unit standard deviation for every channel of images.

        x'_hwc = (x_hwc - μ_c) / σ_c,  μ and σ (biased) over the training part and all pixels

    As published for CIFAR and ImageNet networks: neighbouring pixels keep their differences. Flat inputs have one
    channel. A channel that never varies is centred and not scaled. Source: lecture notes on convolutional networks.
    """

    def fit(self, x: FeatureStatistics) -> tuple[Array, Array]:
        means = x.compute_mean()
        squares = np.square(x.compute_std(means))
        pixels = tuple(range(means.ndim - 1)) or (0,)
        mean = means.mean(axis=pixels, keepdims=True)
        # variance within pixels plus variance between them is the variance over all, without another pass
        variance = (squares + np.square(means - mean)).mean(axis=pixels, keepdims=True)
        varies = (x.compute_max().max(axis=pixels, keepdims=True)) > x.compute_min().min(axis=pixels, keepdims=True)
        return mean, _replace_zeros(np.where(varies, np.sqrt(variance), 0))


def _replace_zeros(scale: Array) -> Array:
    return np.where(scale > 0, scale, 1)  # a constant feature stays 0 after its shift
