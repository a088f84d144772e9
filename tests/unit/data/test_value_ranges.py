"""Ranges of the numbers of a set, against NumPy's own reductions over the whole set at once."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.data import value_ranges as module
from nnexp.data.value_ranges import ValueRanges, measure_ranges
from nnexp.typing import AnyArray

TABLE = np.random.default_rng(0).normal(1000, 3, (53, 7))
IMAGES = np.random.default_rng(1).integers(0, 256, (53, 5, 7, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several examples in a block, and several blocks."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 8 * 7 * 5)


def assert_equal(found: ValueRanges, flat: AnyArray) -> None:
    """The ranges are those of the rows (N, F)."""
    np.testing.assert_array_equal(found.missing, np.isnan(flat).sum(axis=0))
    np.testing.assert_array_equal(found.minimum, np.nanmin(flat, axis=0))
    np.testing.assert_array_equal(found.maximum, np.nanmax(flat, axis=0))
    np.testing.assert_allclose(found.mean, np.nanmean(flat, axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.std, np.nanstd(flat, axis=0), rtol=1e-11)


@pytest.mark.parametrize("rows", [1, 2, 52, 53])
def test_features_of_a_table(rows: int) -> None:
    assert_equal(measure_ranges(TABLE[:rows]), TABLE[:rows])


def test_channels_of_images_over_all_pixels() -> None:
    assert_equal(measure_ranges(IMAGES), IMAGES.reshape(-1, 3).astype(np.float64))


def test_missing_numbers_are_counted_and_left_out() -> None:
    table = TABLE.copy()
    table[[3, 50], [0, 6]] = np.nan
    table[1:, 2] = np.nan
    found = measure_ranges(table)
    assert found.missing.tolist() == [1, 0, 52, 0, 0, 0, 1]
    assert_equal(found, table)


def test_a_feature_that_is_missing_altogether_has_no_range() -> None:
    table = TABLE.copy()
    table[:, 4] = np.nan
    found = measure_ranges(table)
    assert found.missing[4] == 53
    assert np.isnan([found.minimum[4], found.mean[4], found.maximum[4], found.std[4]]).all()
    assert found.overall_range() == (np.nanmin(table), np.nanmax(table))


def test_a_number_worked_by_hand() -> None:
    # 1, 3 and 8: the mean is 4, the squares around it 9 + 1 + 16 = 26, and √(26 / 3) = 2.94392
    found = measure_ranges(np.array([[1.0], [3.0], [8.0]]))
    assert (found.minimum[0], found.mean[0], found.maximum[0]) == (1, 4, 8)
    assert found.std[0] == pytest.approx(2.9439202887759)
