"""The kernels in NumPy.   R replicas, P parameters, N examples, K classes"""

from __future__ import annotations

import numpy as np

from nnexp.typing import Array


def softmax_cross_entropy(z: Array, d: Array) -> tuple[Array, Array]:
    """Mean cross-entropy of softmax(z) against the distributions d, and its gradient (softmax(z) - d) / N.

    core: z (N, K), d (N, K) with rows that sum to 1 -> (), (N, K)
    """
    count = z.shape[-2]
    shifted = z - np.maximum.reduce(z, axis=-1, keepdims=True)
    p = np.exp(shifted)
    total = np.add.reduce(p, axis=-1, keepdims=True)
    p /= total
    loss = np.log(total[..., 0]) - np.vecdot(shifted, d)
    p -= d
    p /= count
    return np.add.reduce(loss, axis=-1) / count, p


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
    """One Adam update of theta, m and v in place; all arrays (R, P), all numbers (R, 1).

    m ← β1 m + (1 - β1) g,  v ← β2 v + (1 - β2) g²,  θ ← θ - step · m / (√(v / correction) + eps)

    The fraction is multiplied through by c = √correction, c · step · m / (√v + c · eps): a division fewer an entry.
    """
    c = np.sqrt(correction)
    t = np.multiply(grad, 1 - beta1)
    m *= beta1
    m += t
    np.multiply(grad, grad, out=t)
    t *= 1 - beta2
    v *= beta2
    v += t
    np.sqrt(v, out=t)
    t += c * eps
    np.divide(m, t, out=t)
    t *= c * step
    theta -= t
