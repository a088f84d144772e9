"""Reading csv files: every entry as it is, quickly or not, and each mistake in its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnexp.data.dataset import Dataset
from nnexp.data.formats.csv import table
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import MISSING_ENTRIES, Dialect, is_separator, parse_number
from nnexp.data.formats.csv.features import CategoryLevels, Features
from nnexp.data.formats.csv.table import read_exactly, read_quickly, read_table
from nnexp.data.sources.table import Csv
from nnexp.errors import DataError
from nnexp.nn.named import Named

PENGUINS = """\
island,bill,mass,sex,species
Torgersen,39.1,3750,male,Adelie
Biscoe,-5e-1,,female,Gentoo
Dream,46.5,3500,,Chinstrap
Torgersen,NA,3800,female,Adelie
"""
ISLANDS = CategoryLevels(("Biscoe", "Dream", "Torgersen"))
SEXES = CategoryLevels(("female", "male"))
NAN = np.nan


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str | bytes = PENGUINS, name: str = "t.csv", **parameters: Any) -> Dataset:
    """The set in a file with this content."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Csv(name, **{"target": "y", **parameters}).read_dataset()


def penguins(**parameters: Any) -> Dataset:
    given: dict[str, Any] = {
        "target": "species",
        "categorical": Named(("island", "sex"), (ISLANDS, SEXES)),
        "fill": "mean",
    }
    return read(**(given | parameters))


def test_numbers_stay_and_a_column_with_levels_is_one_hot_in_its_place() -> None:
    data = penguins()
    assert data.description.inputs == (
        *("island=Biscoe", "island=Dream", "island=Torgersen"),
        *("bill", "mass", "sex=female", "sex=male"),
    )
    expected = [
        [0, 0, 1, 39.1, 3750, 0, 1],
        [1, 0, 0, -0.5, NAN, 1, 0],
        [0, 1, 0, 46.5, 3500, NAN, NAN],
        [0, 0, 1, NAN, 3800, 1, 0],
    ]
    np.testing.assert_array_equal(data.x, expected)
    assert data.x.dtype == np.float64
    assert (data.description.classes, data.y.tolist()) == (("Adelie", "Chinstrap", "Gentoo"), [0, 2, 1, 0])
    assert data.y.dtype == np.int64
    assert data.fill == "mean"


def test_features_are_the_listed_ones_in_their_order_or_all_that_are_not_dropped() -> None:
    assert penguins(features=("mass", "bill"), categorical=Named((), ())).description.inputs == ("mass", "bill")
    dropped = penguins(drop=("sex", "mass"), categorical=Named(("island",), (ISLANDS,)))
    assert dropped.description.inputs[3:] == ("bill",)


@pytest.mark.parametrize(
    ("columns", "levels"),
    [
        (("a", "b", "c"), Named((), ())),
        (("a", "b", "c"), Named(("b",), (CategoryLevels(("x", "y")),))),
        (("b", "a"), Named(("a", "b"), (CategoryLevels((1, 2, 3)), CategoryLevels(("z",))))),
        (("a=x", "a", "a=x=y"), Named(("a",), (CategoryLevels(("y",)),))),
    ],
)
def test_the_columns_are_known_from_the_inputs(columns: tuple[str, ...], levels: Named[CategoryLevels]) -> None:
    assert Features.from_inputs(Features(columns, levels).input_names, levels).columns == columns


KINDS: dict[str, tuple[str, dict[str, Any], str, list[Any], tuple[str, ...]]] = {
    "texts are classes": ("x,y\n1,b\n2,a\n3,b\n", {}, "classes", [1, 0, 1], ("a", "b")),
    "numbers with fractions are values": ("x,y\n1,1\n2,0.5\n3,1\n", {}, "values", [[1.0], [0.5], [1.0]], ("y",)),
    "whole numbers as values": ("x,y\n1,1\n2,0\n3,1\n", {"kind": "values"}, "values", [[1.0], [0.0], [1.0]], ("y",)),
    "numbers as classes": (
        "x,y\n1,10\n2,9\n3,10\n",
        {"kind": "classes"},
        "classes",
        [1, 0, 1],
        ("9", "10"),
    ),
    "numbers and texts as classes": ("x,y\n1,10\n2,a\n", {"kind": "classes"}, "classes", [0, 1], ("10", "a")),
    "listed classes": ("x,y\n1,b\n2,a\n", {"classes": ("b", "c", "a")}, "classes", [0, 2], ("b", "c", "a")),
    "listed numbers": ("x,y\n1,1\n2,0\n", {"classes": (1, 0)}, "classes", [0, 1], ("1", "0")),
    "a class NA that is listed": ("x,y\n1,NA\n2,no\n", {"classes": ("no", "NA")}, "classes", [1, 0], ("no", "NA")),
    "several values": ("y,x,z\n1,5,2\n3,5,4\n", {"target": ("y", "z")}, "values", [[1.0, 2.0], [3.0, 4.0]], ("y", "z")),
    "a list of one": ("x,y\n1,1\n2,0\n", {"target": ("y",), "kind": "values"}, "values", [[1.0], [0.0]], ("y",)),
    "yes or no": (
        "x,y,z\n1,yes,0\n2,No,1\n3,TRUE,false\n",
        {"kind": "binary", "target": ("y", "z")},
        "binary",
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]],
        ("y", "z"),
    ),
}


@pytest.mark.parametrize("case", KINDS)
def test_targets_are_of_the_kind_that_they_look_like_or_are_said_to_be(case: str) -> None:
    text, parameters, kind, y, classes = KINDS[case]
    data = read(text, **parameters)
    assert (data.description.targets, data.y.tolist(), data.description.classes) == (kind, y, classes)


@pytest.mark.parametrize("word", ["", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", " Null "])
def test_these_entries_are_missing_values(word: str) -> None:
    assert np.isnan(read(f"a,b,y\n{word},1,p\n3,1,q\n", fill="zero").x[0, 0])
    with pytest.raises(DataError, match=rf"line 2, column 'a': the value is missing, '{word.strip()}'"):
        read(f"a,b,y\n{word},1,p\n3,1,q\n")


@pytest.mark.parametrize("level", sorted(MISSING_ENTRIES - {""}))
def test_a_level_may_be_called_what_otherwise_is_missing(level: str) -> None:
    data = read(f"a,y\n{level},p\nb,q\n", categorical=Named(("a",), (CategoryLevels((level, "b")),)))
    assert data.x.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_second_file_is_the_sets_own_test_part_whatever_the_order_of_its_columns() -> None:
    Path("test.csv").write_text("extra,y,b,a\nx,q,7,u\nx,p,8,v\n")
    categorical = Named(("a",), (CategoryLevels(("u", "v")),))
    data = read("a,b,y\nv,1,p\nu,2,q\nu,3,q\n", test="test.csv", categorical=categorical)
    assert data.description.own_test == 2
    assert data.x.tolist() == [[0, 1, 1], [1, 0, 2], [1, 0, 3], [1, 0, 7], [0, 1, 8]]
    assert data.y.tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("b,y\n1,p\n", "test.csv has no column 'a'"),
        ("a,y\n1,r\n", "test.csv: line 2, column 'y': 'r' is none of the classes; they are 'p', 'q'"),
        ("a,y\nx,p\n", "test.csv: line 2, column 'a': 'x' is a text"),
        ("a,y\n", "test.csv has no rows"),
    ],
)
def test_the_second_file_is_held_to_the_same(content: str, message: str) -> None:
    Path("test.csv").write_text(content)
    with pytest.raises(DataError, match=re.escape(message)):
        read("a,y\n1,p\n2,q\n", test="test.csv")


DIALECTS: dict[str, tuple[bytes, str]] = {
    "a mark in front": ("﻿a,y\n1,2\n".encode(), ","),
    "Windows": (b"a,y\r\n1,2\r\n", ","),
    "an old Macintosh": (b"a,y\r1,2\r", ","),
    "no end of line at the end": (b"a,y\n1,2", ","),
    "empty lines at the end": (b"a,y\n1,2\n\n \n\n", ","),
    "spaces": (b" a , y \n 1 , 2 \n", ","),
    "quotes": (b'"a","y"\n"1","2"\n', ","),
    "semicolons": (b"a;y\n1;2\n", ";"),
    "tabs": (b"a\ty\n1\t2\n", "\t"),
    "bars": (b"a|y\n1|2\n", "|"),
    "single spaces": (b"a y\n1 2\n", " "),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_the_same_table_in_many_dialects(case: str) -> None:
    content, separator = DIALECTS[case]
    data = read(content, separator=separator, kind="values")
    assert (data.x.tolist(), data.y.tolist(), data.description.inputs) == ([[1.0]], [[2.0]], ("a",))


def test_a_separator_is_a_character_that_is_part_of_no_number_or_name() -> None:
    assert all(map(is_separator, [",", ";", "\t", "|", " ", ":"]))
    assert not any(map(is_separator, ["", ",,", "white", ".", "-", "+", '"', "'", "a", "0", "_", "\n", "é", "\0"]))


def test_quoted_entries_hold_separators_quotes_and_line_breaks_and_lines_are_counted_with_them() -> None:
    text = 'a,c,y\n1,"x, ""y""\nz",p\n2,w,q\n3x,w,q\n'
    with pytest.raises(DataError, match=r"line 5, column 'a': '3x' is not a number"):
        read(text, drop=("c",))
    levels = Named(("c",), (CategoryLevels(('x, "y"\nz', "w")),))
    assert read(text.replace("3x", "3"), categorical=levels).x[:, 1].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-308, 5e-324, 1.7976931348623157e308, 123456789.123456789, -2.5e-7])
def test_numbers_are_read_to_the_last_bit(value: float) -> None:
    assert read(f"a,y\n{value!r},p\n{value:.30e},q\n").x.tolist() == [[value], [value]]


ENTRIES = st.sampled_from(
    [
        "1",
        "-2.5",
        "1e3",
        ".5",
        "5.",
        "007",
        "-0",
        "12345678901234567890",
        "1e999",
        "inf",
        "NA",
        "NaN",
        "null",
        "",
        " 7 ",
        "x",
        "y z",
        '"q"',
        '"a,b"',
        '"a\nb"',
        '"1"',
        '"',
        '"x"y',
        'a"b',
        "True",
        "false",
        "1_0",
        "0x1",
        "1e",
        "\u0661",
        "\\",
    ]
)


@given(
    st.lists(st.lists(ENTRIES, min_size=1, max_size=3), min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", ";", "\t", "|", " "]),
    st.sampled_from([(), ("x",), (7,), ("7", "1e3"), (-2.5, "q", "inf")]),
)
@settings(max_examples=400)
def test_the_quick_reader_says_what_the_exact_one_says_or_nothing(
    rows: list[list[str]], width: int, numbers: int, end: str, separator: str, missing: tuple[str | float, ...]
) -> None:
    names = list("abc"[:width])
    lines = [names, *([*row, *row, *row][:width] if len(row) > 1 else row for row in rows)]
    Path("t.csv").write_bytes(end.join(separator.join(line) for line in lines).encode())
    file = CsvFile("t.csv", Dialect(separator, missing=missing))
    try:
        slow = read_exactly(file, names[:numbers], names[numbers:])
    except DataError:
        slow = None
    try:
        fast = read_quickly(file, names[:numbers], names[numbers:])
    except DataError:
        assert slow is None
        return
    assume(fast is not None)
    assert fast
    assert slow
    assert fast.numbers.keys() == slow.numbers.keys()
    for name, column in fast.numbers.items():
        assert column.tobytes() == slow.numbers[name].tobytes()
    for found, expected in ((fast.words, slow.words), (fast.texts, slow.texts)):
        assert found.keys() == expected.keys()
        for name, words in found.items():
            assert words.entries == expected[name].entries
            assert words.which.tolist() == expected[name].which.tolist()


@pytest.mark.parametrize("text", ["a,b\n1,x\n2,y\n", "a,b\n1.5,x\nNA,y\n", 'a,b\n-1e-3,"x, y"\n', "a,b\n 1, x\n"])
def test_what_is_usual_is_read_quickly(text: str) -> None:
    Path("t.csv").write_text(text)
    assert read_quickly(CsvFile("t.csv"), ["a"], ["b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 entry under 2 names"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2: 3 entries under 2 names"),
        ("a,b\n1,2\n\n3,4\n", "line 3: the line is empty"),
    ],
)
def test_a_row_that_pandas_would_mend_is_refused(text: str, message: str) -> None:
    Path("t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(CsvFile("t.csv"), ["a", "b"], [])


@pytest.mark.parametrize("text", ["a,b\n1,2\nTrue,3\n", "a,b\nTrue,2\nFALSE,3\n"])
def test_true_and_false_are_texts_as_they_are_written(text: str) -> None:
    Path("t.csv").write_text(text)
    found = read_table(CsvFile("t.csv"), ["a", "b"], []).texts
    assert found["a"].entries == tuple(line.split(",")[0] for line in text.splitlines()[1:])


def test_older_versions_of_pandas_are_asked_to_round_correctly(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    asked: list[dict[str, Any]] = []
    Path("t.csv").write_text("a\n1\n")

    def spy(*_: Any, **options: Any) -> None:
        asked.append(options)
        raise ValueError

    monkeypatch.setattr(pd, "read_csv", spy)
    for version in ("2.2.3", "3.0.1", "3.1.0", "4.0.0rc1"):
        monkeypatch.setattr(pd, "__version__", version)
        assert read_quickly(CsvFile("t.csv"), ["a"], []) is None
    assert [options.get("float_precision") for options in asked] == ["round_trip", "round_trip", None, None]
    assert table.EXACT_PANDAS_VERSION == (3, 1)


@pytest.mark.parametrize(
    ("entry", "value"),
    [("1", 1.0), ("+1.", 1.0), (".5e-1", 0.05), ("1E3", 1000.0), ("-inf", -np.inf), ("Infinity", np.inf)],
)
def test_an_entry_that_is_a_number(entry: str, value: float) -> None:
    assert parse_number(entry) == value


@pytest.mark.parametrize("entry", ["1_0", "0x1", "1e", "e1", "1 2", "1,5", "True", "١", "--1", "1d3", "."])
def test_an_entry_that_is_no_number(entry: str) -> None:
    assert parse_number(entry) is None


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1])
def test_lines_are_counted_over_blocks(size: int) -> None:
    head = b"a,y\r\n" + b"1,2\r\n" * 9
    filler = b"3," + b"4" * (size - len(head) - 2)
    with pytest.raises(DataError, match="line 12: the byte 0xFF is no text"):
        read(head + filler + b"\r\n\xff,2\r\n")


def test_a_character_may_stand_across_blocks() -> None:
    text = "a,n,y\n1," + "x" * (2**20 - 9) + "é,2\n"
    assert text.encode()[2**20 - 1 : 2**20 + 1] == "é".encode()
    with pytest.raises(DataError, match="an entry of more than 131,072 characters"):
        read(text, drop=("n",))


def test_a_file_is_read_anew_where_it_changed() -> None:
    first = read("a,y\n1,2\n", kind="values")
    source = Csv("t.csv", "y", "values")
    assert source.load().x.tolist() == first.x.tolist()
    Path("t.csv").write_text("a,y\n1,2\n3,4\n")
    assert len(source.load().x) == 2


def test_a_file_that_turns_into_something_else_while_it_is_read_is_refused_too() -> None:
    Path("t.csv").write_bytes(b"a,b\n\xff,1\n")
    with pytest.raises(DataError, match=r"t\.csv is no text in UTF-8"):
        table.read_table(CsvFile("t.csv"), ["a", "b"], [])


def test_a_table_of_many_columns_is_read() -> None:
    count = 3000
    header, row = ",".join(f"f{k}" for k in range(count)), ",".join(map(str, range(count)))
    assert read(f"{header},y\n{row},p\n{row},q\n").x.tolist() == [[float(k) for k in range(count)]] * 2


def test_rows_of_pixels_become_images_and_sizes_must_fit() -> None:
    text = "a,b,c,d,e,f,y\n1,2,3,4,5,6,p\n7,8,9,10,11,12,q\n"
    data = read(text, reshape=(3, 2, 1))
    assert data.description.shape == data.x.shape[1:] == (3, 2, 1)
    assert data.x[1].ravel().tolist() == [7, 8, 9, 10, 11, 12]
    inputs = Csv("t.csv", "y", reshape=(3, 2, 1)).read_inputs("t.csv", data.description)
    assert np.array_equal(inputs.x, data.x)
    with pytest.raises(DataError, match=r"t\.csv has 6 inputs, and reshape: \[2, 2, 1\] takes 4$"):
        read(text, reshape=(2, 2, 1))
