"""Examples that stand in several parts are counted, by their inputs and targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnexp.data import shared_examples
from nnexp.data.dataset import Dataset, Description
from nnexp.data.shared_examples import count_shared_examples, describe_shared_examples
from nnexp.data.sources.moons import Moons
from nnexp.data.sources.npz import Npz
from nnexp.data.splits import PartName, Split
from nnexp.typing import AnyArray, IntArray
from tests.contracts.arrays import normal


def make_data(x: AnyArray, y: AnyArray) -> Dataset:
    return Dataset(x, y, Description(len(x), x.shape[1:], "classes", ("a", "b")))


PARTS: dict[PartName, IntArray] = {"train": np.arange(6), "dev": np.arange(6, 9), "test": np.arange(9, 13)}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("block_bytes", [1, 100, 2**24])
def test_shared_examples_are_counted_and_one_is_shown(
    dtype: type, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_examples, "BLOCK_BYTES", block_bytes)
    x: AnyArray = np.arange(13 * 6).reshape(13, 2, 3).astype(dtype)
    y = np.arange(13) % 2
    x[7], y[7] = x[4], y[4]
    x[[9, 12]], y[[9, 12]] = x[2], y[2]
    x[10], y[10] = x[0], 1 - y[0]  # the same inputs with another target are another example
    found = count_shared_examples(make_data(x, y), PARTS)
    assert found.counts == {"dev": (1, 3), "test": (2, 4)}
    assert found.describe() == (
        "1 of 3 dev and 2 of 4 test examples stand in train too, inputs and targets alike "
        "(such as example 7, which is example 4)"
    )


def test_nothing_is_shared_where_all_examples_differ_or_a_part_is_empty() -> None:
    data = make_data(normal(13, 5), np.arange(13) % 2)
    assert count_shared_examples(data, PARTS).describe() == ""
    empty = PARTS | {"dev": np.arange(0)}
    assert count_shared_examples(data, empty).counts == {"dev": (0, 0), "test": (0, 4)}


def test_images_that_lie_with_channels_first_are_compared_as_they_are_used() -> None:
    x = np.moveaxis(normal(13, 3, 4, 5), 1, -1).copy()
    x[7] = x[4]
    found = count_shared_examples(make_data(np.moveaxis(np.moveaxis(x, -1, 1).copy(), 1, -1), np.zeros(13)), PARTS)
    assert found.counts["dev"] == (1, 3)


def test_files_of_a_user_are_looked_through_unless_they_are_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "s.npz", x=np.ones((20, 2)), y=np.arange(20) % 2)
    source = Npz(str(tmp_path / "s.npz"))
    assert describe_shared_examples(source, Split(), "a").startswith("2 of 2 dev and 2 of 2 test examples stand in")
    monkeypatch.setattr(shared_examples, "MAX_COMPARED_BYTES", 100)
    assert describe_shared_examples(source, Split(), "b") == ""
    assert describe_shared_examples(Moons(), Split(), "c") == ""
