"""Levels of categories, rows without a target, own dev parts, and splits of a table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.data.dataset import Dataset
from nnexp.data.formats.csv.features import CategoryLevels
from nnexp.data.sources.table import Csv
from nnexp.data.splits import Split
from nnexp.errors import DataError
from nnexp.nn.named import Named

NAN = np.nan

IN_ORDER = Split(0.6, 0.2, 0.2, order="file")

CITIES = ["Rome", "Oslo", "Rome", "Bern", "Rome", "Oslo", "Paris", "Rome", "Lima", "Oslo"]
"""In the order of the file the first six train: three times Rome, twice Oslo, once Bern."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, **columns: list[Any]) -> None:
    """A file with these columns."""
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    Path(path).write_text("\n".join(lines) + "\n")


def read(levels: CategoryLevels, cities: list[str] = CITIES, split: Split = IN_ORDER, **parameters: Any) -> Dataset:
    """A table of cities, whose levels are read so."""
    write("t.csv", city=cities, y=["p", "q"] * (len(cities) // 2))
    return Csv("t.csv", "y", categorical=Named(("city",), (levels,)), **parameters).load_for(split)


def test_levels_are_those_of_the_training_part_by_name_and_others_belong_to_none() -> None:
    data = read(CategoryLevels("auto"))
    assert data.description.inputs == ("city=Bern", "city=Oslo", "city=Rome")
    assert data.description.levels == (("city", ("Bern", "Oslo", "Rome")),)
    assert data.x[[3, 5, 4]].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert data.x[[6, 8]].tolist() == [[0, 0, 0]] * 2  # Paris and Lima


def test_the_commonest_levels_have_an_input_each_and_all_others_one() -> None:
    data = read(CategoryLevels(top=2))
    assert data.description.inputs == ("city=Oslo", "city=Rome", "city=(other)")
    assert data.x[[3, 6, 0]].tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_of_no_more_levels_than_are_asked_for_there_is_no_input_for_others() -> None:
    assert read(CategoryLevels(top=3)).description.inputs == ("city=Bern", "city=Oslo", "city=Rome")


def test_ordered_levels_are_one_input_that_counts_them() -> None:
    cities = ["S", "L", "M", "M", "S", "L", "S", "M", "L", "S"]
    data = read(CategoryLevels(ordinal=("S", "M", "L")), cities)
    assert data.description.inputs == ("city",)
    assert data.x[:, 0].tolist() == [0, 2, 1, 1, 0, 2, 0, 1, 2, 0]


def test_an_ordered_level_that_is_unseen_is_an_error_or_missing_and_filled() -> None:
    cities = ["S", "XL", "M", "M", "S", "L", "S", "M", "L", "S"]
    with pytest.raises(DataError, match=r"line 3, column 'city': 'XL' is none of the levels; did you mean 'L'\?"):
        read(CategoryLevels(ordinal=("S", "M", "L")), cities)
    data = read(CategoryLevels(ordinal=("S", "M", "L"), unseen="other"), cities, fill="median")
    assert np.isnan(data.x[1, 0])


@pytest.mark.parametrize("levels", [CategoryLevels("auto", unseen="error"), CategoryLevels(top=2, unseen="error")])
def test_unseen_levels_may_be_an_error_with_the_nearest_level(levels: CategoryLevels) -> None:
    cities = [*CITIES[:8], "Rom", "Oslo"]
    with pytest.raises(DataError, match=r"column 'city': '(Paris|Bern)' is none of the levels"):
        read(levels, cities)
    with pytest.raises(DataError, match=r"line 10, column 'city': 'Rom' is none of the levels; did you mean 'Rome'\?"):
        read(CategoryLevels("auto", unseen="error"), [*CITIES[:6], "Rome", "Rome", "Rom", "Oslo"])


def test_listed_levels_take_unseen_ones_where_the_spec_says_so() -> None:
    listed = ("Rome", "Oslo", "Bern")
    with pytest.raises(DataError, match="'Paris' is none of the levels"):
        read(CategoryLevels(listed))
    assert read(CategoryLevels(listed, unseen="other")).x[6].tolist() == [0, 0, 0]


def test_missing_categories_are_no_level_and_filled_in_from_the_training_part() -> None:
    cities = ["Rome", "", "?", "Rome", "Oslo", "Rome", "NA", "Oslo", "Rome", "Rome"]
    data = read(CategoryLevels("auto"), cities, missing=("?",), fill="mean")
    assert data.description.inputs == ("city=Oslo", "city=Rome")
    assert np.isnan(data.x[[1, 2, 6]]).all()
    assert not np.isnan(data.x[[0, 3, 4, 5, 7, 8, 9]]).any()


def test_levels_of_training_rows_that_stand_in_another_file_are_levels_too() -> None:
    write("more.csv", city=["Kyiv"] * 10, y=["p", "q"] * 5)
    own = read(CategoryLevels("auto"), split=Split(1.0, 0.0, "own"), test="more.csv")
    assert own.description.inputs == ("city=Bern", "city=Lima", "city=Oslo", "city=Paris", "city=Rome")
    shared = read(CategoryLevels("auto"), split=Split(1.0, 0.0, 0.0), test="more.csv")
    assert "city=Kyiv" in shared.description.inputs


def test_missing_signs_are_texts_as_they_are_written_and_numbers_by_their_value() -> None:
    write("t.csv", a=["-200", "-200.0", "-2e2", "?", "5"], b=["-", "1", "2", "3", "4"], y=[*"pqpqp"])
    data = Csv("t.csv", "y", missing=("?", -200, "-"), fill="mean").load()
    np.testing.assert_array_equal(data.x, [[NAN, NAN], [NAN, 1], [NAN, 2], [NAN, 3], [5, 4]])
    quoted = Csv("t.csv", "y", missing=("?", "-200", "-"), fill="mean").load()
    np.testing.assert_array_equal(quoted.x, data.x)


@pytest.mark.parametrize(
    ("number", "notation"),
    [("-2000,0", {"decimal": ","}), ("-2,000", {"thousands": ","}), ("-$2000", {"symbols": ("$",)})],
)
def test_numbers_that_stand_for_a_missing_value_do_so_in_any_notation(number: str, notation: dict[str, Any]) -> None:
    Path("t.csv").write_text(f"a;y\n{number};p\n7;q\n")
    data = Csv("t.csv", "y", missing=(-2000,), fill="mean", separator=";", **notation).load()
    np.testing.assert_array_equal(data.x, [[NAN], [7]])


def test_signs_of_currencies_and_percents_are_no_part_of_a_number() -> None:
    Path("t.csv").write_text('a;b;c;y\n$1,200.50;12 %;-$5;p\n"$ 7";3%;$-6;q\n')
    data = Csv("t.csv", "y", separator=";", thousands=",", symbols=("$", "%")).load()
    assert data.x.tolist() == [[1200.5, 12, -5], [7, 3, -6]]


LABELS = ["p", "", "q", "p", "NA", "q", "p", "q", "q", "p"]


def test_rows_without_a_target_are_refused_or_left_out_of_every_file() -> None:
    write("t.csv", a=list(range(10)), y=LABELS)
    write("dev.csv", a=[20, 21, 22], y=["p", "", "q"])
    write("test.csv", a=[30, 31], y=["NA", "q"])
    with pytest.raises(DataError, match=r"line 3, column 'y': the target is missing, '', as in 1 more row; "):
        Csv("t.csv", "y").load()
    data = Csv("t.csv", "y", without_target="drop", dev="dev.csv", test="test.csv").load()
    assert data.x[:, 0].tolist() == [0, 2, 3, 5, 6, 7, 8, 9, 20, 22, 31]
    assert data.y.tolist() == [0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1]
    assert (data.description.own_dev, data.description.own_test) == (2, 1)
    parts = Split().choose_rows(data)
    assert data.x[parts["dev"], 0].tolist() == [20, 22]
    assert data.x[parts["test"], 0].tolist() == [31]


def test_values_are_left_out_where_one_of_several_is_missing() -> None:
    write("t.csv", a=[1, 2, 3], y=["0.5", "", "1.5"], z=["1.5", "2", "?"])
    data = Csv("t.csv", ("y", "z"), without_target="drop", missing=("?",)).load()
    assert (data.x.tolist(), data.y.tolist()) == ([[1.0]], [[0.5, 1.5]])


def test_groups_stay_whole_where_rows_without_a_target_are_left_out() -> None:
    patients = [f"P{row // 2}" for row in range(40)]
    labels = ["" if row % 7 == 0 else "pq"[row % 2] for row in range(40)]
    write("t.csv", patient=patients, a=list(range(40)), y=labels)
    split = Split(0.6, 0.2, 0.2, group="patient")
    data = Csv("t.csv", "y", without_target="drop").load_for(split)
    assert data.description.inputs == ("a",)  # the group is no feature
    rows = split.choose_rows(data)
    patients_of = [{patients[int(a)] for a in data.x[chosen, 0]} for chosen in rows.values()]
    assert sum(map(len, patients_of)) == len(set().union(*patients_of))


def test_a_group_may_be_a_feature_that_is_listed() -> None:
    write("t.csv", year=[2000 + row // 4 for row in range(40)], a=list(range(40)), y=["p", "q"] * 20)
    data = Csv("t.csv", "y", features=("a", "year")).load_for(Split(group="year"))
    assert data.description.inputs == ("a", "year")


@pytest.mark.parametrize(
    "dates",
    [
        [f"2024-{1 + row % 12:02d}-{1 + row // 12:02d}" for row in range(40)],
        [f"{1 + row // 12}.{1 + row % 12}.2024" for row in range(40)],
        [f"{1 + row % 12}/{1 + 5 * (row // 12) + row % 5}/2024" for row in range(40)],
        [str(1990 + row * 7 % 40) for row in range(40)],
        [f"{1980 + row * 7 % 40}Q{1 + row % 4}" for row in range(40)],
        [f"2024-05-01 {row * 7 % 24:02d}:{row:02d}:00" for row in range(40)],
    ],
    ids=lambda dates: dates[0],
)
def test_by_time_the_latest_rows_are_test_in_any_notation_of_dates(dates: list[str]) -> None:
    write("t.csv", a=list(range(40)), when=dates, y=["p", "q"] * 20)
    split = Split(0.6, 0.2, 0.2, time="when")
    data = Csv("t.csv", "y").load_for(split)
    assert data.description.inputs == ("a",)

    def sort_key(date: str) -> tuple[int, ...]:
        """The numbers of a date, the year first."""
        numbers = [int(part) for part in re.findall(r"\d+", date)]
        if "." in date:
            return tuple(reversed(numbers))
        return (numbers[2], numbers[0], numbers[1]) if "/" in date else tuple(numbers)

    rows = split.choose_rows(data)
    train, dev, test = ([sort_key(dates[int(a)]) for a in data.x[rows[part], 0]] for part in ("train", "dev", "test"))
    assert max(train) < min(dev)
    assert max(dev) < min(test)


@pytest.mark.parametrize(
    ("when", "split", "message"),
    [
        (
            ["2024-05-01", "", "2024-05-03"],
            Split(time="when"),
            "line 3, column 'when': the row cannot be split by a mi",
        ),
        (["1", "", "3"], Split(group="when"), "line 3, column 'when': the row cannot be split by a missing value"),
        (["1", "", "3"], Split(time="when"), "line 3, column 'when': the row cannot be split by a missing value"),
        (["01/02/2024", "03/04/2024", "05/06/2024"], Split(time="when"), "'01/02/2024' may be of two days"),
        (["01-02-2024", "03-04-2024", "05-06-2024"], Split(time="when"), "'01-02-2024' may be of two days"),
        (["red", "green", "blue"], Split(time="when"), "the rows cannot be ordered by column 'when'"),
        (["a", "b", "c"], Split(group="whenn"), "has no column 'whenn'; did you mean 'when'"),
    ],
)
def test_a_column_that_cannot_split_the_rows_is_refused(when: list[str], split: Split, message: str) -> None:
    write("t.csv", a=[1, 2, 3], when=when, y=["p", "q", "p"])
    with pytest.raises(DataError, match=message):
        Csv("t.csv", "y", features=("a",)).load_for(split)
