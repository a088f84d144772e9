"""Clipping of gradients.   R replicas, P parameters"""

from __future__ import annotations

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.typing import Array


def clip_norm(grad: Array, norms: Array, largest: float | Array) -> None:
    """Scale each row of grad (R, P) whose norm (R,) exceeds `largest` down to it: g · c / ‖g‖.

    Source: Pascanu, Mikolov & Bengio 2012, On the difficulty of training recurrent neural networks.
    """
    limit = lift(largest, norms)
    # A norm of NaN is not too long: the gradient stays NaN, and the run is found to have diverged.
    too_long = norms > limit
    if too_long.any():
        grad *= lift(np.where(too_long, limit / np.where(too_long, norms, 1), 1), grad)


def clip_value(grad: Array, largest: float | Array) -> None:
    """Bound every entry of grad (R, P): g ← min(c, max(-c, g))."""
    limit = lift(largest, grad)
    np.clip(grad, -limit, limit, out=grad)
