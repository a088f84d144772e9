"""The kernels compiled by Numba, where the extra `fast` is installed.   R replicas, P parameters

Only operations that IEEE 754 rounds exactly (+ - * / √), in the order of the reference and without fused
multiply-add: the results are the reference's, to the last bit.
"""

from __future__ import annotations

import numba
import numpy as np

from nnexp.typing import Array


@numba.njit(error_model="numpy", cache=True)
def adam(
    theta: Array,
    grad: Array,
    m: Array,
    v: Array,
    beta1: Array,
    beta2: Array,
    eps: Array,
    step: Array,
    correction: Array,
) -> None:
    """As `nnexp.nn.kernels.reference.adam`, in one pass over the arrays."""
    for r in range(theta.shape[0]):
        b1, b2 = beta1[r, 0], beta2[r, 0]
        c = np.sqrt(correction[r, 0])
        floor, rate = c * eps[r, 0], c * step[r, 0]
        c1, c2 = np.float32(1) - b1, np.float32(1) - b2  # float32(1) is exact and does not widen single precision
        for p in range(theta.shape[1]):
            g = grad[r, p]
            m[r, p] = b1 * m[r, p] + c1 * g
            v[r, p] = b2 * v[r, p] + g * g * c2
            theta[r, p] -= m[r, p] / (np.sqrt(v[r, p]) + floor) * rate
