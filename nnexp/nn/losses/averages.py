"""Outputs that say the mean of several networks' probabilities.   M networks, N examples, O outputs

Computed from the logarithms of the probabilities, so that none of them is too small.
"""

from __future__ import annotations

import numpy as np

from nnexp.typing import Array


def average_softmax(z: Array) -> Array:
    """z̄ with softmax(z̄) = 1/M Σ_m softmax(z_m): the logarithms of the mean probabilities. core: (M, N, O) -> (N, O)"""
    return _log_mean(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


def average_sigmoid(z: Array) -> Array:
    """z̄ with σ(z̄) = p̄ = 1/M Σ_m σ(z_m): log p̄ - log(1 - p̄). core: (M, N, O) -> (N, O)"""
    return _log_mean(-np.logaddexp(0, -z)) - _log_mean(-np.logaddexp(0, z))


def _log_mean(logarithms: Array) -> Array:
    """The logarithm of the mean of M numbers, from theirs. core: (M, N, O) -> (N, O)"""
    total: Array = np.logaddexp.reduce(logarithms, axis=-3)
    return total - np.log(logarithms.shape[-3])
