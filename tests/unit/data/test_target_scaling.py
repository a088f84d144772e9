"""Values are scaled for training by what the training part holds, and come back as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnexp.data.dataset import Dataset, Description
from nnexp.data.normalizations.base import Normalization
from nnexp.data.normalizations.linear import Center, MinMax, PerChannel, Standard, Unchanged
from nnexp.data.parts import Parts, prepare_parts
from nnexp.data.splits import PART_NAMES, Split
from nnexp.data.targets.base import Target
from nnexp.data.targets.given import Given as GivenTarget
from nnexp.data.targets.inputs import Inputs
from nnexp.data.targets.tasks import Tasks
from nnexp.nn.named import Named
from nnexp.typing import AnyArray
from tests.contracts.arrays import normal
from tests.unit.data.test_parts import Given, classes

M, D, O = 101, 7, 3
NAMES = Description(M, (D,), "values", ("u", "v", "w"))
ROWS = Split().choose_indices(M, None)
SIZES = np.array([1e-3, 1.0, 1e4])
CENTERS = np.array([5.0, -1e3, 1e6])


def values() -> AnyArray:
    """Three outputs of quite different sizes."""
    return CENTERS + SIZES * normal(M, O)


def prepared(y: AnyArray, how: Normalization, dtype: str = "float64", target: Target | None = None) -> Parts:
    data = Dataset(normal(M, D), y, replace(NAMES, classes=NAMES.classes[: y.shape[1]]))
    return prepare_parts(Given(data), Split(), Standard(), dtype, target or GivenTarget(), how)


def test_standard_has_mean_0_and_std_1_over_the_training_part_alone() -> None:
    y, parts = values(), prepared(values(), Standard())
    mean, std = y[ROWS["train"]].mean(axis=0), y[ROWS["train"]].std(axis=0)
    for part in PART_NAMES:
        np.testing.assert_allclose(parts[part].d, (y[ROWS[part]] - mean) / std, rtol=1e-12, atol=1e-12)
    y[ROWS["test"]] += 1e9
    assert np.array_equal(prepared(y, Standard()).train.d, parts.train.d)


def test_min_max_lies_between_0_and_1() -> None:
    d = prepared(values(), MinMax()).train.d
    assert np.array_equal(d.min(axis=0), np.zeros(O))
    np.testing.assert_allclose(d.max(axis=0), np.ones(O), rtol=1e-15)


@pytest.mark.parametrize("how", [Center(), Standard(), MinMax(), PerChannel()], ids=repr)
def test_restored_targets_are_the_values_of_the_source(how: Normalization) -> None:
    y, parts = values(), prepared(values(), how)
    for part in PART_NAMES:
        # one scale for all, of 1e6, leaves fewer digits to a value of 5
        np.testing.assert_allclose(parts[part].restore_targets(), y[ROWS[part]], rtol=1e-10)


def test_without_scaling_the_targets_are_the_values_to_the_bit() -> None:
    parts = prepared(values(), Unchanged(), "float32")
    assert parts.train.target_scaling is None
    assert parts.train.restore_targets() is parts.train.d
    assert np.array_equal(parts.train.d, values()[ROWS["train"]].astype(np.float32))


def test_a_mean_far_from_0_is_subtracted_before_single_precision_rounds() -> None:
    years = 2e9 + np.arange(M, dtype=np.float64)[:, None]
    parts = prepared(years, Standard(), "float32")
    assert parts.train.d.dtype == np.float32
    assert len(np.unique(years.astype(np.float32))) < 5
    restored = parts.train.restore_targets()
    assert restored.dtype == np.float64
    np.testing.assert_allclose(restored, years[ROWS["train"]], rtol=0, atol=1e-4)


def test_whole_numbers_are_scaled_as_numbers() -> None:
    whole = np.arange(M, dtype=np.uint8)[:, None]
    parts = prepared(whole, Standard())
    np.testing.assert_allclose(parts.dev.restore_targets(), whole[ROWS["dev"]], rtol=1e-12)


def test_a_constant_value_is_centred_and_not_scaled() -> None:
    y = values()
    y[:, 1] = 0.1
    parts = prepared(y, Standard())
    assert parts.train.target_scaling is not None
    assert parts.train.target_scaling.scale[1] == 1
    np.testing.assert_allclose(parts.train.d[:, 1], 0, atol=1e-15)


def test_inputs_as_targets_are_scaled_once_by_their_own_normalization() -> None:
    both = Tasks(Named(("pixels", "y"), (Inputs(), GivenTarget())))
    alone, together = prepared(values(), Standard(), target=Inputs()), prepared(values(), Standard(), target=both)
    assert alone.train.target_scaling is None
    assert np.array_equal(alone.train.d, alone.train.x)
    assert np.array_equal(together.train.d[:, :D], alone.train.x)
    assert np.array_equal(together.train.d[:, D:], prepared(values(), Standard()).train.d)
    np.testing.assert_array_equal(together.train.restore_targets()[:, :D], alone.train.x)


def test_classes_are_never_scaled() -> None:
    parts = prepare_parts(Given(classes()), Split(), Standard(), "float64", GivenTarget(), Standard())
    assert parts.train.target_scaling is None
    assert set(np.unique(parts.train.d)) == {0.0, 1.0}
