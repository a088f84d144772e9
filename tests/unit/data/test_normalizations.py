"""Normalisations, fitted on the training part and applied to all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.data.parts import normalized
from nnexp.registry import normalizations
from nnexp.typing import AnyArray
from tests.contracts.arrays import normal

X = np.array([[1.0, 10.0], [3.0, 10.0], [8.0, 40.0]])
"""Means 4 and 20, biased standard deviations √(26/3) and √200."""

BY_HAND: dict[str, tuple[list[float], list[float]]] = {
    "none": ([0, 0], [1, 1]),
    "center": ([4, 20], [1, 1]),
    "standard": ([4, 20], [(26 / 3) ** 0.5, 200**0.5]),
    "min_max": ([1, 10], [7, 30]),
}


def test_every_normalization_is_worked_by_hand() -> None:
    assert set(BY_HAND) == set(normalizations)


@pytest.mark.parametrize("name", BY_HAND)
def test_shift_and_scale_by_hand(name: str) -> None:
    for found, wanted in zip(normalizations[name]().fit(X), BY_HAND[name], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-15)


@pytest.mark.parametrize("name", BY_HAND)
def test_every_feature_of_an_image_is_fitted_by_itself(name: str) -> None:
    images = normal(101, 2, 3, 5) * 7 + 3
    flat = images.reshape(101, -1)
    for found, wanted in zip(normalizations[name]().fit(images), normalizations[name]().fit(flat), strict=True):
        assert found.shape == (2, 3, 5)
        np.testing.assert_allclose(found.ravel(), wanted, rtol=1e-14)


def transformed(name: str, train: AnyArray, x: AnyArray) -> AnyArray:
    shift, scale = normalizations[name]().fit(train)
    return normalized(x, shift, scale, np.dtype("float64"))


def test_standard_gives_zero_mean_and_unit_deviation_and_min_max_the_unit_interval() -> None:
    x = 7 * normal(101, 3) + 5
    standard, unit = transformed("standard", x, x), transformed("min_max", x, x)
    np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(standard.std(axis=0), 1, rtol=1e-14)
    assert unit.min(axis=0).tolist() == [0, 0, 0]
    assert unit.max(axis=0).tolist() == [1, 1, 1]


@given(value=st.floats(-1e6, 1e6), count=st.integers(1, 101))
@pytest.mark.parametrize("name", ["standard", "min_max"])
def test_a_feature_that_never_varies_is_shifted_and_not_scaled(name: str, value: float, count: int) -> None:
    """The mean of equal numbers may be off by its last bit, which must not pass for a spread."""
    train = np.full((count, 1), value)
    _, scale = normalizations[name]().fit(train)
    assert scale.tolist() == [1.0]
    np.testing.assert_allclose(transformed(name, train, train), 0, atol=1e-9)
