"""Running averages, which most adaptive rules are made of.   R replicas, P parameters"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnexp.nn.replicas import lift
from nnexp.typing import Array


def bind_average(average: Array, decay: float | Array) -> Callable[[Array], None]:
    """The function that takes numbers x (R, P) into a running average a (R, P), in place: a ← β a + (1 - β) x."""
    # 1 - β is rounded after the subtraction: of 1 - 0.999 in single precision three digits would be lost.
    beta, rest = lift(decay, average), lift(1 - decay, average)

    def update_average(x: Array) -> None:
        average[...] *= beta
        average[...] += rest * x

    return update_average


def bind_correction(decay: float | Array) -> Callable[[int], Array]:
    """The function t -> 1 - βᵗ (R, 1), by which an average that starts at zero is too small after t updates."""
    # In double precision whatever theta's is, as most digits of βᵗ cancel in the first updates.
    beta = lift(decay, np.empty((1, 1)))

    def compute_correction(t: int) -> Array:
        return np.asarray(1 - beta**t)

    return compute_correction
