"""Normalisations, fitted on the training part and applied to all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.data.normalizations.linear import PerChannel
from nnexp.data.parts import LinearScaling
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
    "per_channel": ([12], [(((26 / 3) + 200) / 2 + 64) ** 0.5]),  # of all six: 12; within, and 8² between the columns
}


def statistics(x: AnyArray) -> FeatureStatistics:
    return FeatureStatistics(x, np.arange(len(x)))


def test_every_normalization_is_worked_by_hand() -> None:
    assert set(BY_HAND) == set(normalizations)


@pytest.mark.parametrize("name", BY_HAND)
def test_shift_and_scale_by_hand(name: str) -> None:
    for found, wanted in zip(normalizations[name]().fit(statistics(X)), BY_HAND[name], strict=True):
        np.testing.assert_allclose(np.broadcast_to(found, len(wanted)), wanted, rtol=1e-14)


@pytest.mark.parametrize("name", ["center", "standard", "min_max"])
def test_every_feature_of_an_image_is_fitted_by_itself(name: str) -> None:
    images = normal(101, 2, 3, 5) * 7 + 3
    fit = normalizations[name]().fit
    for found, wanted in zip(fit(statistics(images)), fit(statistics(images.reshape(101, -1))), strict=True):
        assert np.broadcast_to(found, (2, 3, 5)).ravel().tolist() == np.broadcast_to(wanted, 30).tolist()


def test_every_channel_is_fitted_over_all_pixels_and_examples() -> None:
    images = normal(101, 2, 3, 5) * np.arange(1, 6) + 3
    images[..., 2] = 7.0
    shift, scale = PerChannel().fit(statistics(images))
    np.testing.assert_allclose(shift.ravel(), images.mean(axis=(0, 1, 2)), rtol=1e-13)
    wanted = images.std(axis=(0, 1, 2))
    np.testing.assert_allclose(scale.ravel(), np.where(np.arange(5) == 2, 1, wanted), rtol=1e-13)


def test_statistics_in_blocks_are_those_of_the_whole() -> None:
    x, rows = (100 * normal(101, 7)).astype(np.uint8), np.arange(101)[::3]
    whole, in_blocks = FeatureStatistics(x, rows), FeatureStatistics(x, rows, block_bytes=3 * 7 * 8)
    mean = x[rows].mean(axis=0)
    for found in (whole, in_blocks):
        assert found.compute_min().tolist() == x[rows].min(axis=0).tolist()
        assert found.compute_max().tolist() == x[rows].max(axis=0).tolist()
        np.testing.assert_allclose(found.compute_mean(), mean, rtol=1e-14)
        np.testing.assert_allclose(found.compute_std(mean), x[rows].std(axis=0), rtol=1e-14)


def transformed(name: str, train: AnyArray, x: AnyArray) -> AnyArray:
    shift, scale = normalizations[name]().fit(statistics(train))
    return LinearScaling(shift, scale, np.dtype("float64"))(x)


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
    _, scale = normalizations[name]().fit(statistics(train))
    assert scale.tolist() == [1.0]
    np.testing.assert_allclose(transformed(name, train, train), 0, atol=1e-9)
