"""The kernels of windows: values by hand, explicit loops, adjoints, ties and NaN."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nnexp.nn.kernels import add_max_pool, add_sum_pool, add_windows, max_pool, sum_pool, windows
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, identical, normal

SHAPES = [(2, 2), (3, 1), (3, 2), (1, 1), (2, 3), (1, 3)]
"""Size and stride: side by side, overlapping, with gaps."""

every_shape = pytest.mark.parametrize(("size", "stride"), SHAPES)


def images(dtype: str = "float64", *, ties: bool = False) -> AnyArray:
    """(2, 3, 7, 10, 5); with ties, whole numbers from -2 to 2."""
    x = normal(2, 3, 7, 10, 5, dtype=dtype)
    return np.round(x) if ties else x


def starts(x: AnyArray, size: int, stride: int) -> list[tuple[int, int, int, int]]:
    """u, v and the window's first row and column, by counting."""
    downs, acrosses = (range(0, side - size + 1, stride) for side in x.shape[-3:-1])
    return [(u, v, h, w) for (u, h), (v, w) in product(enumerate(downs), enumerate(acrosses))]


@every_shape
def test_windows_are_what_is_seen_through_them(size: int, stride: int) -> None:
    x = images()
    seen = windows(x, size, stride)
    for u, v, h, w in starts(x, size, stride):
        assert np.array_equal(seen[:, :, u, v], x[:, :, h : h + size, w : w + size])
    assert seen[0, 0, ..., 0, 0, 0].size == len(starts(x, size, stride))
    assert np.shares_memory(seen, x)


@every_shape
def test_windows_of_images_that_do_not_lie_in_order(size: int, stride: int) -> None:
    x = images()
    for turned in (x[:, ::2], x[..., ::-1, :], x[..., ::2], x.swapaxes(-3, -2), np.broadcast_to(x[:1], x.shape)):
        assert np.array_equal(windows(turned, size, stride), windows(turned.copy(), size, stride))


@every_shape
def test_adding_windows_is_the_adjoint_of_taking_them(size: int, stride: int) -> None:
    x = images()
    w = normal(*windows(x, size, stride).shape, seed=1)
    added = np.zeros_like(x)
    add_windows(added, w, stride)
    assert (windows(x, size, stride) * w).sum() == pytest.approx((x * added).sum(), rel=1e-12)
    wanted = np.zeros_like(x)
    for u, v, h, left in starts(x, size, stride):
        wanted[:, :, h : h + size, left : left + size] += w[:, :, u, v]
    np.testing.assert_allclose(added, wanted, rtol=1e-13, atol=1e-14)


@every_shape
def test_sum_pool_and_its_adjoint_equal_explicit_loops(size: int, stride: int) -> None:
    x = images()
    y = sum_pool(x, size, stride)
    dy, before = normal(*y.shape, seed=1), normal(*x.shape, seed=2)
    dx, wanted = before.copy(), before.copy()
    add_sum_pool(dx, dy, size, stride)
    for u, v, h, w in starts(x, size, stride):
        here = np.s_[:, :, h : h + size, w : w + size]
        np.testing.assert_allclose(y[:, :, u, v], x[here].sum((-3, -2)), rtol=1e-12, atol=1e-14)
        wanted[here] += dy[:, :, u, v][..., None, None, :]
    np.testing.assert_allclose(dx, wanted, rtol=1e-12, atol=1e-14)


@every_shape
@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pool_and_its_adjoint_equal_explicit_loops_with_ties(size: int, stride: int, dtype: str) -> None:
    x = images(dtype, ties=True)
    y = max_pool(x, size, stride)
    dy = np.round(normal(*y.shape, seed=1, dtype=dtype) * 8)  # whole numbers, so that sums are exact
    dx, wanted = np.ones_like(x), np.ones_like(x)
    add_max_pool(dx, x, y, dy, size, stride)
    for (u, v, h, w), n, c in product(starts(x, size, stride), np.ndindex(2, 3), range(5)):
        window = x[(*n, slice(h, h + size), slice(w, w + size), c)]
        i, j = divmod(int(window.argmax()), size)  # argmax gives the first of equal ones
        assert y[(*n, u, v, c)] == window[i, j]
        wanted[(*n, h + i, w + j, c)] += dy[(*n, u, v, c)]
    assert dx.dtype == y.dtype == x.dtype
    assert np.array_equal(dx, wanted)


def test_max_pool_gives_what_belongs_to_nan_to_the_last_pixel() -> None:
    x = np.array([[1, np.nan], [3, 0]])[None, None, :, :, None]
    y, dx = max_pool(x, 2, 2), np.zeros_like(x)
    add_max_pool(dx, x, y, np.full_like(y, 5), 2, 2)
    assert np.isnan(y).all()
    assert dx.ravel().tolist() == [0, 0, 0, 5]


@every_shape
def test_pooling_leaves_its_input_alone_and_shares_nothing_with_it(size: int, stride: int) -> None:
    x = images()
    held = x.copy()
    y = max_pool(x, size, stride)
    add_max_pool(np.zeros_like(x), x, y, np.ones_like(y), size, stride)
    assert identical(x, held)
    assert not np.shares_memory(y, x)
