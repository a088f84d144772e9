"""Zero mean and unit variance within each example.   N examples, G groups, D numbers in a group"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nnexp.nn.graph import LayerScope
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


def add_standardization(at: LayerScope, x: str, axes: Sequence[int], epsilon: object) -> str:
    """(x - μ) / √(σ² + ε) over these axes, in an exported graph."""
    axis = at.add_integers(axes)
    centered = at.add_node("Sub", x, at.add_node("ReduceMean", x, axis, keepdims=1))
    variance = at.add_node("ReduceMean", at.add_node("Mul", centered, centered), axis, keepdims=1)
    std = at.add_node("Sqrt", at.add_node("Add", variance, at.add_number(np.asarray(epsilon))))
    return at.add_node("Div", centered, std)


def add_scale_and_shift(at: LayerScope, x: str) -> str:
    """γ x + β, in an exported graph."""
    gain = at.add_weight("gain", at.w["gain"][0, 0])
    shift = at.add_weight("shift", at.w["shift"][0, 0])
    return at.add_node("Add", at.add_node("Mul", x, gain), shift)
