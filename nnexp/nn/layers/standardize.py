"""Zero mean and unit variance within each example.   N examples, G groups, D numbers in a group"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.typing import Array


def standardize(x: Array, epsilon: float | Array) -> tuple[Array, Callable[[Array], Array]]:
    """x̂ = (x - μ) / √(σ² + ε) over the last axis, σ² biased, and the function dx̂ -> dx.

        dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / √(σ² + ε)

    core: (N, G, D) -> (N, G, D)
    """
    centered = x - _compute_mean(x)
    inverse = 1 / np.sqrt(_compute_mean(centered * centered) + lift(epsilon, x))
    normed = centered * inverse

    def backward(dnormed: Array) -> Array:
        return inverse * (dnormed - _compute_mean(dnormed) - normed * _compute_mean(dnormed * normed))

    return normed, backward


def _compute_mean(x: Array) -> Array:
    return np.add.reduce(x, axis=-1, keepdims=True) / x.shape[-1]
