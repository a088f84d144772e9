"""What a person should know of a table before a network learns from it; nothing is said of healthy ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nnexp.data.dataset import Dataset, Description
from nnexp.data.inference.remarks import find_remarks
from nnexp.data.sources.circles import Circles
from nnexp.data.sources.friedman import Friedman
from nnexp.data.sources.moons import Moons
from nnexp.data.sources.polynomial import Polynomial
from nnexp.inspection.table_preview import preview_table
from nnexp.typing import AnyArray

ROWS = 120

TABLES = Path(__file__).parents[4] / "benchmarks" / "tables"
CONFIGS = Path(__file__).parents[4] / "configs" / "data"


def make_table(change: Callable[[AnyArray, AnyArray], None], kind: str = "classes", classes: int = 3) -> Dataset:
    """A table of random numbers, changed."""
    random = np.random.default_rng(0)
    x = random.normal(0, 1, (ROWS, 3))
    y: AnyArray = random.permutation(np.arange(ROWS) % classes)
    if kind == "values":
        y = random.normal(0, 1, (ROWS, 1))
    change(x, y)
    names = ("a", "b", "c") if kind == "classes" else ("y",)
    description = Description(ROWS, (3,), "values" if kind == "values" else "classes", names, inputs=("u", "v", "w"))
    return Dataset(x, y, description)


def list_remarks(data: Dataset) -> list[str]:
    return [remark.what for remark in find_remarks(data)]


def leave(x: AnyArray, y: AnyArray) -> None:
    """Change nothing."""


def give_class(x: AnyArray, y: AnyArray) -> None:
    x[:, 1] = y * 2.5 - 1


def give_code(x: AnyArray, y: AnyArray) -> None:
    x[:, 1] = np.array([4, 0, 5])[y] + 10 * (np.arange(len(x)) % 2)


def give_value(x: AnyArray, y: AnyArray) -> None:
    x[:, 1] = 3 - y[:, 0] * 7


def give_sentinel(x: AnyArray, y: AnyArray) -> None:
    x[[3, 50, 90], 2] = -200


def give_outlier(x: AnyArray, y: AnyArray) -> None:
    x[7, 0] = 5000


def give_target_outlier(x: AnyArray, y: AnyArray) -> None:
    y[7] = -5000


def give_equal_rows(x: AnyArray, y: AnyArray) -> None:
    x[[10, 20]], y[[10, 20]] = x[5], y[5]


def give_constant(x: AnyArray, y: AnyArray) -> None:
    x[:, 1] = 4


def give_nothing(x: AnyArray, y: AnyArray) -> None:
    x[:, 1] = np.nan


def give_rare_class(x: AnyArray, y: AnyArray) -> None:
    y[y == 2] = 0
    y[:2] = 2


CASES: dict[str, tuple[Callable[[AnyArray, AnyArray], None], str, str, bool]] = {
    "a class by its number": (give_class, "classes", "'v' alone determines the target", True),
    "codes of classes": (give_code, "classes", "'v' alone determines the target", True),
    "a value in another unit": (give_value, "values", "'v' alone determines the target", True),
    "a sentinel": (give_sentinel, "classes", "-200 stands in 3 rows of 'w', and all others lie between -", True),
    "a number far from all others": (
        give_outlier,
        "classes",
        "'u' has a value far from the others, such as 5000",
        False,
    ),
    "a target far from all others": (
        give_target_outlier,
        "values",
        "the target 'y' has a value far from the others",
        True,
    ),
    "equal rows": (
        give_equal_rows,
        "classes",
        "2 rows repeat another one in all that is used of it (row 6 comes 3 times)",
        False,
    ),
    "a constant": (give_constant, "classes", "'v' is the same in every row, 4", False),
    "an empty column": (give_nothing, "classes", "'v' has no value at all", False),
    "a rare class": (give_rare_class, "classes", "the class 'c' has 2 examples", False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_unusual_is_named_with_its_column_a_count_or_an_example_and_nothing_else_is(case: str) -> None:
    change, kind, words, is_grave = CASES[case]
    [remark] = find_remarks(make_table(change, kind))
    assert remark.what.startswith(words)
    assert remark.is_grave == is_grave


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_nothing_is_said_of_random_numbers(kind: str) -> None:
    assert list_remarks(make_table(leave, kind)) == []


@pytest.mark.parametrize(
    "source", [Moons(), Circles(), Friedman(), Polynomial()], ids=lambda source: type(source).__name__
)
def test_nothing_is_said_of_generated_sets(source: Moons) -> None:
    assert list_remarks(source.load()) == []


def test_a_category_that_tells_the_class_is_named_by_its_column() -> None:
    labels = np.arange(ROWS) % 3
    codes = labels + 3 * (np.arange(ROWS) % 2)
    x = np.eye(6)[codes]
    inputs = tuple(f"city={level}" for level in "abcdef")
    about = Description(ROWS, (6,), "classes", ("p", "q", "r"), inputs=inputs)
    leaks = [remark for remark in find_remarks(Dataset(x, labels, about)) if remark.is_grave]
    assert [leak.input_name for leak in leaks] == ["city"]
    labels[:2] = labels[1::-1]
    assert not [remark for remark in find_remarks(Dataset(x, labels, about)) if remark.is_grave]


def test_a_few_rows_that_fall_apart_by_chance_are_no_leak() -> None:
    x, y = np.arange(24.0).reshape(8, 3), np.arange(8) // 4
    about = Description(8, (3,), "classes", ("a", "b"), inputs=("u", "v", "w"))
    assert not [remark for remark in find_remarks(Dataset(x, y, about)) if remark.is_grave]


HEALTHY = ["abalone.csv", "mpg.csv", "penguins.csv", "wheat_seeds.csv", "wine.csv", "hitters.csv", "auto_imports.csv"]


@pytest.mark.parametrize("file", HEALTHY)
def test_nothing_is_said_of_healthy_tables(file: str) -> None:
    assert preview_table(str(TABLES / file)).remarks == []


@pytest.mark.parametrize("file", ["iris.csv", "flats.csv"])
def test_little_is_said_of_the_tables_of_the_configs(file: str) -> None:
    remarks = preview_table(str(CONFIGS / file)).remarks
    assert not [remark for remark in remarks if remark.is_grave]


def test_an_area_gives_away_its_region() -> None:
    remarks = preview_table(str(TABLES / "olive_oil.dat"), target="c1").remarks
    assert [remark.input_name for remark in remarks if remark.is_grave] == ["c2"]
