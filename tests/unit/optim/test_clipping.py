"""Clipping by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.replicas import row_norms
from nnexp.optim.clipping import clip_norm, clip_value
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import I, R


def clipped(grad: AnyArray, limit: float | AnyArray) -> AnyArray:
    copy = grad.copy()
    clip_norm(copy, row_norms(copy), limit)
    return copy


def test_a_row_that_is_too_long_is_scaled_to_the_limit_and_others_keep_their_bits() -> None:
    grad = np.array([[3.0, 4.0], [0.3, -0.4], [0.0, -0.0]])
    found = clipped(grad, 1.0)
    np.testing.assert_allclose(found[0], [0.6, 0.8], rtol=1e-15)
    assert identical(found[1:], grad[1:])


def test_every_replica_has_a_limit_of_its_own() -> None:
    found = clipped(normal(R, I), np.array([0.1, 0.2, 100.0]))
    np.testing.assert_allclose(row_norms(found)[:2], [0.1, 0.2], rtol=1e-14)
    assert identical(found[2], normal(R, I)[2])


def test_a_norm_at_the_limit_is_left_alone() -> None:
    grad = np.array([[3.0, 4.0]])
    assert identical(clipped(grad, 5.0), grad)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_direction_and_the_precision_stay(dtype: str) -> None:
    grad = normal(R, I, dtype=dtype)
    found = clipped(grad, 0.5)
    assert found.dtype == dtype
    cosines = np.vecdot(found, grad) / (row_norms(found) * row_norms(grad))
    np.testing.assert_allclose(cosines, 1, rtol=1e-6)


def test_clip_value_bounds_every_entry_and_leaves_those_inside() -> None:
    grad = np.array([[3.0, -4.0, 0.5], [3.0, -4.0, 0.5]])
    clip_value(grad, np.array([1.0, 3.5]))
    assert grad.tolist() == [[1.0, -1.0, 0.5], [3.0, -3.5, 0.5]]
