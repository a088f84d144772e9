"""Filling in missing values: by the training part alone, before anything is normalised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.missing_values import fill_missing, fit_fill_values
from nnexp.data.normalizations.linear import Standard, Unchanged
from nnexp.data.parts import Parts, prepare_parts
from nnexp.data.splits import PART_NAMES, Split
from nnexp.errors import DataError
from nnexp.typing import AnyArray

NAN = np.nan
M = 40
ABOUT = Description(M, (2,), "values", ("y",), inputs=("size", "age"))


@dataclass(frozen=True)
class Given(Source):
    """A set that a test makes."""

    data: Dataset

    def describe(self) -> Description:
        return self.data.description

    def load(self) -> Dataset:
        return self.data


def holed(seed: int = 0) -> AnyArray:
    """Numbers of which some are missing."""
    random = np.random.default_rng(seed)
    x = random.normal([3, -2], size=(M, 2))
    x[random.random(x.shape) < 0.3] = NAN
    return x


def data(x: AnyArray, fill: str | None = "mean") -> Dataset:
    return Dataset(x, np.arange(M, dtype=np.float64)[:, None], ABOUT, fill)  # type: ignore[arg-type]


def prepared(given: Dataset) -> Parts:
    return prepare_parts(Given(given), Split(), Standard(), "float64")


@pytest.mark.parametrize(
    ("how", "expected"),
    [("mean", [3.0, 20.0]), ("median", [2.0, 20.0]), ("zero", [0.0, 0.0])],  # of 1, 2, 6 and of 10, 30
)
def test_what_is_filled_in_worked_by_hand(how: str, expected: list[float]) -> None:
    x = np.array([[1, 10], [2, NAN], [6, 30], [100, 100]])
    found = fit_fill_values(data(x, how), np.array([0, 1, 2]))
    assert found is not None
    assert found.tolist() == expected


def test_where_nothing_may_be_missing_nothing_is_filled_in() -> None:
    x = holed()
    assert fit_fill_values(data(x, None), np.arange(M)) is None
    assert fill_missing(x, None) is x


def test_only_what_is_missing_changes() -> None:
    x = holed()
    found = fill_missing(x, np.array([7.0, 8.0]))
    known = ~np.isnan(x)
    assert np.array_equal(found[known], x[known])
    assert (found[~known] == np.broadcast_to([7.0, 8.0], x.shape)[~known]).all()
    assert np.isnan(x).any()  # the source's own array stays as it is


@pytest.mark.parametrize("part", ["dev", "test"])
def test_the_fill_sees_the_training_part_alone(part: str) -> None:
    x = holed()
    before = prepared(data(x))
    rows = Split().choose_indices(M, None)[part]  # type: ignore[index]
    x[rows] += 1000
    after = prepared(data(x))
    assert before.fill is not None
    assert after.fill is not None
    assert before.fill.tobytes() == after.fill.tobytes()
    assert before.train.x.tobytes() == after.train.x.tobytes()


def test_the_normalization_is_fitted_to_what_is_filled_in() -> None:
    x = holed()
    rows = Split().choose_indices(M, None)
    mean = np.nanmean(x[rows["train"]], axis=0)
    complete = np.where(np.isnan(x), mean, x)
    parts = prepared(data(x))
    by_hand = (complete - complete[rows["train"]].mean(axis=0)) / complete[rows["train"]].std(axis=0)
    for part in PART_NAMES:
        np.testing.assert_allclose(parts[part].x, by_hand[rows[part]], rtol=1e-12, atol=1e-12)


def test_the_fingerprint_is_of_the_set_as_it_is_read() -> None:
    x = holed()
    mean, zero = prepared(data(x)), prepared(data(x, "zero"))
    assert mean.fingerprint == zero.fingerprint
    assert mean.fingerprint != prepared(data(fill_missing(x, np.zeros(2)))).fingerprint


@pytest.mark.parametrize("how", ["mean", "median"])
def test_a_feature_without_any_value_in_the_training_part_is_refused_by_name(how: str) -> None:
    x = holed()
    x[Split().choose_indices(M, None)["train"], 1] = NAN
    with pytest.raises(DataError, match=f"the training part has no value of 'age', so that there is no {how}"):
        prepared(data(x, how))
    assert prepared(data(x, "zero")).fill is not None


def test_inputs_without_names_are_numbered() -> None:
    given = replace(data(np.full((M, 2), NAN)), description=replace(ABOUT, inputs=()))
    with pytest.raises(DataError, match="no value of '0'"):
        prepared(given)


def test_a_set_without_missing_values_is_the_same_with_and_without_a_fill() -> None:
    x = np.random.default_rng(1).normal(size=(M, 2))
    plain, filling = (prepare_parts(Given(data(x, how)), Split(), Unchanged(), "float64") for how in (None, "median"))
    assert plain.fill is None
    assert plain.train.x.tobytes() == filling.train.x.tobytes()
