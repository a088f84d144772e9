"""The kernels in NumPy.

R replicas, P parameters, N examples, K classes; H W C image, K side of a window, U V its positions, s its stride
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nnexp.nn.replicas import dot_rows
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
    # Not the logarithm of p, which is 0 for outputs far below the largest.
    loss = np.log(total[..., 0]) - dot_rows(shifted, d)
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


def windows(x: Array, size: int, stride: int) -> Array:
    """What is seen through every window, as a view: w_uvijc = x_(su+i)(sv+j)c. (H, W, C) -> (U, V, K, K, C)"""
    *leading, height, width, channels = x.shape
    *steps, down, across, along = x.strides
    positions = (height - size) // stride + 1, (width - size) // stride + 1
    shape = (*leading, *positions, size, size, channels)
    return as_strided(x, shape, (*steps, stride * down, stride * across, down, across, along))


def window_rows(x: Array, size: int, stride: int) -> Iterator[Array]:
    """For each of the K rows of a window: what every window has there, as a view. (H, W, C) -> (U, W, C)"""
    last = x.shape[-3] - size
    return (x[..., i : i + last + 1 : stride, :, :] for i in range(size))


def window_columns(x: Array, size: int, stride: int) -> Iterator[Array]:
    """For each of the K columns of a window: what every window has there, as a view. (H, W, C) -> (H, V, C)"""
    last = x.shape[-2] - size
    return (x[..., j : j + last + 1 : stride, :] for j in range(size))


def window_places(x: Array, size: int, stride: int) -> Iterator[Array]:
    """For each of the K K places in a window, row by row: what every window has there. (H, W, C) -> (U, V, C)"""
    for row in window_rows(x, size, stride):
        yield from window_columns(row, size, stride)


def add_windows(x: Array, w: Array, stride: int) -> None:
    """The adjoint of `windows`: add to every pixel what the windows have of it. (H, W, C), (U, V, K, K, C)"""
    size = w.shape[-2]
    for place, pixels in enumerate(window_places(x, size, stride)):
        np.add(pixels, w[..., place // size, place % size, :], out=pixels)


def sum_pool(x: Array, size: int, stride: int) -> Array:
    """The sum of each window, first down and then across. (H, W, C) -> (U, V, C)"""
    # About 2 K additions for each window in place of K K.
    rows = reduce(np.add, window_rows(x, size, stride))
    return reduce(np.add, window_columns(rows, size, stride))


def add_sum_pool(dx: Array, dy: Array, size: int, stride: int) -> None:
    """The adjoint of `sum_pool`: add dy to every pixel of its window. dx (H, W, C), dy (U, V, C)"""
    rows = np.zeros((*dy.shape[:-2], *dx.shape[-2:]), dy.dtype)
    for pixels in window_columns(rows, size, stride):
        np.add(pixels, dy, out=pixels)
    for pixels in window_rows(dx, size, stride):
        np.add(pixels, rows, out=pixels)


def max_pool(x: Array, size: int, stride: int) -> Array:
    """The largest number in each window; NaN is the largest. (H, W, C) -> (U, V, C)"""
    first, *others = window_places(x, size, stride)
    return reduce(np.maximum, others, first.copy())


def add_max_pool(dx: Array, x: Array, y: Array, dy: Array, size: int, stride: int) -> None:
    """The adjoint of `max_pool`, which made y of x: add dy to the first pixel of its window that is y.

    Where y is NaN, dy goes to the last pixel. dx, x (H, W, C), y, dy (U, V, C)
    """
    waiting = np.ones(y.shape, bool)  # windows whose largest pixel is still to come
    last = size * size - 1
    places = zip(window_places(x, size, stride), window_places(dx, size, stride), strict=True)
    for place, (seen, pixels) in enumerate(places):
        # NaN equals nothing, itself neither: such a window is still waiting at the last place, which then has to do.
        here = waiting if place == last else (seen == y) & waiting
        np.add(pixels, dy * here, out=pixels)
        waiting ^= here
