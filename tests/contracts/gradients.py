"""Numerical derivatives of functions that give one number a replica.   R replicas, P entries"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnexp.typing import AnyArray
from tests.contracts.arrays import normal

H = 1e-5
RTOL, ATOL = 1e-7, 1e-8
"""Rounding errs by about 1e-16 / H and the formula by H²/6 times the third derivative: both near 1e-11."""

Objective = Callable[[AnyArray], AnyArray]
"""(R, ...) -> (R,)"""


def slope(f: Objective, at: AnyArray, direction: AnyArray) -> AnyArray:
    """The derivative (R,) along a direction, by central differences."""
    return (f(at + H * direction) - f(at - H * direction)) / (2 * H)


def check_gradient(f: Objective, at: AnyArray, gradient: AnyArray) -> None:
    """Hold the gradient (R, ...) against central differences: entry by entry, and along random directions."""
    flat = gradient.reshape(len(gradient), -1)
    units = np.eye(flat.shape[1]).reshape(-1, *at.shape[1:])
    for entry, unit in enumerate(units):
        np.testing.assert_allclose(flat[:, entry], slope(f, at, unit), RTOL, ATOL, err_msg=f"entry {entry}")
    for seed in range(3):
        direction = normal(*flat.shape, seed=seed)
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        found = slope(f, at, direction.reshape(at.shape))
        np.testing.assert_allclose(np.vecdot(flat, direction), found, RTOL, ATOL, err_msg=f"direction {seed}")
