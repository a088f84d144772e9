"""A data set made ready: split, normalised on the training part alone, encoded, and fingerprinted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.fingerprint import compute_fingerprint
from nnexp.data.normalizations.linear import Standard, Unchanged
from nnexp.data.parts import LinearScaling, Parts, prepare_parts
from nnexp.data.splits import PART_NAMES, Split
from nnexp.typing import AnyArray
from tests.contracts.arrays import normal

M, D, K = 101, 7, 5
LABELS = np.arange(M) % K
CLASSES = Description(M, (D,), "classes", tuple("abcde"))
VALUES = Description(M, (D,), "values", ("u", "v"))


@dataclass(frozen=True)
class Given(Source):
    """A set that a test makes."""

    data: Dataset

    def describe(self) -> Description:
        return self.data.description

    def load(self) -> Dataset:
        return self.data


def classes(x: AnyArray | None = None) -> Dataset:
    return Dataset(normal(M, D) if x is None else x, LABELS, CLASSES)


def prepared(data: Dataset, dtype: str = "float64") -> Parts:
    return prepare_parts(Given(data), Split(), Standard(), dtype)


def test_parts_hold_the_examples_of_the_split() -> None:
    data, indices = classes(), Split().choose_indices(M, LABELS)
    parts = prepare_parts(Given(data), Split(), Unchanged(), "float64")
    for part in PART_NAMES:
        assert np.array_equal(parts[part].x, data.x[indices[part]])
        assert np.array_equal(parts[part].d.argmax(axis=-1), LABELS[indices[part]])
        assert len(parts[part]) == len(indices[part])


def test_classes_become_one_hot_rows_and_values_stay() -> None:
    onehot = prepared(classes()).train.d
    assert onehot.shape[1] == K
    assert set(np.unique(onehot)) == {0.0, 1.0}
    assert (onehot.sum(axis=-1) == 1).all()
    y = normal(M, 2)
    parts = prepared(Dataset(normal(M, D), y, VALUES))
    assert np.array_equal(parts.test.d, y[Split().choose_indices(M, None)["test"]])


@pytest.mark.parametrize("part", ["dev", "test"])
def test_the_normalization_sees_the_training_part_alone(part: str) -> None:
    x = normal(M, D)
    before = prepared(classes(x))
    x[Split().choose_indices(M, LABELS)[part]] += 1000  # type: ignore[index]
    after = prepared(classes(x))
    assert np.array_equal(before.shift, after.shift)
    assert np.array_equal(before.scale, after.scale)
    assert np.array_equal(before.train.x, after.train.x)
    assert after[part].x.mean() > 500  # type: ignore[index]


def test_the_training_part_is_normalized_in_double_precision_and_rounded_once() -> None:
    parts, single = prepared(classes()), prepared(classes(), "float32")
    np.testing.assert_allclose(parts.train.x.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(parts.train.x.std(axis=0), 1, rtol=1e-14)
    assert np.array_equal(single.train.x, parts.train.x.astype(np.float32))
    assert single.train.d.dtype == single.train.x.dtype == np.float32
    assert parts.shift.dtype == single.shift.dtype == np.float64


def test_whole_number_inputs_do_not_wrap_around() -> None:
    x = np.array([[250], [5]], np.uint8)
    assert LinearScaling(np.array([10.0]), np.array([2.0]), np.dtype("float32"))(x).tolist() == [[120.0], [-2.5]]


CHANGES = {
    "one input": replace(classes(), x=normal(M, D) + np.eye(M, D) * 1e-9),
    "one label": replace(classes(), y=np.where(np.arange(M) == 3, 0, LABELS)),
    "the order": replace(classes(), x=normal(M, D)[::-1], y=LABELS[::-1]),
    "the type": replace(classes(), x=normal(M, D).astype(np.float32)),
    "a class's name": replace(classes(), description=replace(CLASSES, classes=tuple("abcdf"))),
    "the shape": replace(classes(), x=normal(M, D).reshape(M, 1, D)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_fingerprint_changes_with_the_content(change: Dataset) -> None:
    assert compute_fingerprint(change).digest != compute_fingerprint(classes()).digest


def test_the_fingerprint_is_of_the_content_and_not_of_its_place_in_memory() -> None:
    strided = np.repeat(normal(M, D), 2, axis=0)[::2]
    assert compute_fingerprint(classes(strided)) == compute_fingerprint(classes()) == prepared(classes()).fingerprint


DIFFERENCES = {
    "one input": "the inputs changed (fingerprint",
    "one label": "the targets changed (fingerprint",
    "a class's name": "the classes changed (fingerprint",
    "the order": "the inputs and the targets changed (fingerprint",
}


@pytest.mark.parametrize("change", DIFFERENCES)
def test_it_is_said_what_differs(change: str) -> None:
    said = compute_fingerprint(CHANGES[change]).find_difference(compute_fingerprint(classes()).as_dict())
    assert said
    assert said.startswith(DIFFERENCES[change])


def test_it_is_said_how_many_examples_there_were_and_are() -> None:
    fewer = Dataset(classes().x[1:], LABELS[1:], CLASSES)
    said = compute_fingerprint(fewer).find_difference(compute_fingerprint(classes()).as_dict())
    assert said
    assert "101 examples then and 100 now" in said
    assert compute_fingerprint(classes()).find_difference(compute_fingerprint(classes()).as_dict()) is None
