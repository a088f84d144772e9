"""What the losses on margins share.   N examples, K classes"""

from __future__ import annotations

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.typing import Array, BoolArray


def mark_classes(d: Array) -> BoolArray:
    """Marks the class of each example: the one with the largest share, at a tie the first. core: (N, K) -> (N, K)"""
    return np.arange(d.shape[-1]) == d.argmax(axis=-1, keepdims=True)


def score_of(z: Array, marked: BoolArray) -> Array:
    """The score of each example's marked class. core: (N, K), (N, K) -> (N, 1)"""
    return np.add.reduce(np.where(marked, z, 0), axis=-1, keepdims=True)


def margin_violations(z: Array, right: BoolArray, margin: float | Array) -> Array:
    """How far each wrong class comes into the margin, 0 for the right one. core: (N, K), (N, K) -> (N, K)"""
    return np.where(right, 0, np.maximum(z - score_of(z, right) + lift(margin, z), 0))


def margin_gradient(right: BoolArray, slopes: Array) -> Array:
    """The gradient: each wrong class's slope, and minus their sum for the right one. core: (N, K), (N, K) -> (N, K)"""
    return np.where(right, -np.add.reduce(slopes, axis=-1, keepdims=True), slopes)
