"""What training says of a table that it cannot use as it is: all columns at once, and what to paste."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.errors import SpecError
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from tests.unit.data.inference.columns import COLUMNS

SPEC = """\
data: {source: {csv: {path: t.csv, target: y}}, split: {train: 0.6, dev: 0.2, test: 0.2}}
architecture: [output]
training: {batch_size: full}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(*overrides: str) -> str:
    """What is said of t.csv."""
    with pytest.raises(SpecError) as raised:
        load_spec(SpecText("s.yaml", SPEC), overrides, name="s")
    [problem] = raised.value.problems
    return problem.message


def list_pasted(message: str, after: str) -> list[str]:
    """The overrides that a message has behind some words."""
    words = shlex.split(re.split("; (?=if )", message.split(after, 1)[1])[0])
    assert all(word.startswith("data.source.csv.") for word in words)
    return words


def write(names: Sequence[str], rows: Sequence[Sequence[str]], separator: str = ",") -> None:
    """A table; its last column is a target of two classes."""
    lines = [separator.join([*names, "y"])]
    for place, row in enumerate(rows):
        lines.append(separator.join([*(f'"{entry}"' for entry in row), "pq"[place % 2]]))
    Path("t.csv").write_text("\n".join(lines) + "\n", "utf-8")


TROUBLESOME = sorted(set(COLUMNS) - {"quoted", "mixed"})
"""Columns that one line mends; a slip of the pen among numbers has to be mended in the file."""


@given(
    kinds=st.lists(st.sampled_from(TROUBLESOME), min_size=1, max_size=6),
    separator=st.sampled_from([",", ";"]),
    seed=st.integers(0, 999),
)
@settings(max_examples=40)
def test_the_first_message_has_all_troubled_columns_and_what_it_says_to_paste_mends_them(
    kinds: list[str], separator: str, seed: int
) -> None:
    draw = random.Random(seed)
    names = ["size", *(f"{kind} {place}" for place, kind in enumerate(kinds))]
    rows = [[str(row * row), *(COLUMNS[kind](draw, row) for kind in kinds)] for row in range(60)]
    write(names, rows, separator)
    given = [f"data.source.csv.separator='{separator}'"]
    try:
        load_spec(SpecText("s.yaml", SPEC), given, name="s")
    except SpecError as error:
        pasted = list_pasted(
            error.problems[0].message, "what mends them: " if "mends them" in str(error) else "mends it: "
        )
        assert load_spec(SpecText("s.yaml", SPEC), [*given, *pasted], name="s")


def test_every_troubled_column_is_listed_with_what_is_in_it() -> None:
    rows = []
    for row in range(28):
        gap, city, day = "?" if row % 3 else str(row), "uv"[row % 2], f"2024-05-{row + 1:02d}"
        rows.append([str(row * row), f"{row},5", gap, city, "", day, f"P{row}"])
    write(["a", "price", "gap", "city", "empty", "day", "who"], rows)
    message = refused()
    assert message.startswith("t.csv: line 2, column 'price': '0,5' is not a number as the spec writes them")
    assert "6 columns cannot be used as they are: " in message
    for words in ("'price' (numbers as '0,5')", "'gap' ('?' 18 times)", "'city' (category: 2 levels)",
                  "'empty' (28 missing)", "'day' (date: dates as 2024-05-31)",
                  "'who' (identifier: different in each row)"):  # fmt: skip
        assert words in message
    assert list_pasted(message, "what mends them: ") == [
        'data.source.csv.decimal=","',
        'data.source.csv.missing=["?"]',
        "data.source.csv.fill=median",
        "data.source.csv.categorical={city: [u, v]}",
        "data.source.csv.drop=[empty, day]",
        "data.source.csv.id=[who]",
    ]


def test_columns_that_are_written_otherwise_than_most_are_left_out() -> None:
    write(["a", "b", "c"], [[f"{row},5", f"{row},25", f"{row}.125"] for row in range(30)])
    pasted = list_pasted(refused(), "what mends them: ")
    assert pasted == ['data.source.csv.decimal=","', "data.source.csv.drop=[c]"]
    assert load_spec(SpecText("s.yaml", SPEC), pasted, name="s")


def test_listed_features_are_listed_again_without_those_that_cannot_be_used() -> None:
    write(["a", "b", "c"], [[f"{row}", f"2024-05-{row + 1:02d}", "uv"[row % 2]] for row in range(28)])
    pasted = list_pasted(refused("data.source.csv.features=[a, c, b]"), "what mends them: ")
    assert pasted == ["data.source.csv.categorical={c: [u, v]}", "data.source.csv.features=[a, c]"]
    assert load_spec(SpecText("s.yaml", SPEC), pasted, name="s")


def test_what_the_spec_says_of_other_columns_stays() -> None:
    write(
        ["a", "b", "c", "d"],
        [["SML"[row % 3], "uvw"[row % 3], "xz"[row % 2], str(row) if row % 5 else "?"] for row in range(30)],
    )
    given = [
        "data.source.csv.categorical={a: {ordinal: [S, M, L], unseen: other}, b: {top: 2}}",
        "data.source.csv.missing=[-200]",
    ]
    pasted = list_pasted(refused(*given), "what mends them: ")
    assert pasted == [
        'data.source.csv.missing=[-200, "?"]',
        "data.source.csv.fill=median",
        "data.source.csv.categorical={a: {ordinal: [S, M, L], unseen: other}, b: {top: 2}, c: [x, z]}",
    ]
    assert load_spec(SpecText("s.yaml", SPEC), pasted, name="s")


TARGETS: dict[str, tuple[list[str], str, list[list[str]]]] = {
    "0 and 1": (["0", "1"], "has whole numbers in its target 'y', 2 different ones: are they classes, or values? ",
                [["data.source.csv.kind=classes"], ["data.source.csv.kind=values"]]),
    "1 to 5": (["1", "2", "3", "4", "5"], "5 different ones", [["data.source.csv.kind=classes"]]),
    "2 and 4": (["2", "4"], "2 different ones", [["data.source.csv.kind=values"]]),
    "whole numbers with a point": (["0.0", "1.0"], "2 different ones", [["data.source.csv.kind=classes"]]),
    "groups of thousands": (["1,001", "2,050", "3,999"], "'1,001' looks like a number",
                            [['data.source.csv.thousands=","', "data.source.csv.kind=values"]]),
    "decimal commas": (["20,1", "19,5", "3,14"], "'20,1' looks like a number", [['data.source.csv.decimal=","']]),
    "both": (["3.995,38", "1.200,5"], "'3.995,38' looks like a number",
             [['data.source.csv.decimal=","', 'data.source.csv.thousands="."']]),
    "prices": (["$9.50", "$12.25"], "'$9.50' looks like a number", [['data.source.csv.symbols=["$"]']]),
    "percents": (["9.5 %", "12.25 %"], "'9.5 %' looks like a number", [['data.source.csv.symbols=["%"]']]),
    "dates": (["2024-05-01", "2024-05-02"], "'2024-05-01' is a date", [["data.source.csv.kind=classes"]]),
    "a sign for a missing value": ([*(f"{k}.5" for k in range(20)), "?"], "'?' stands 1 time among numbers",
                                   [['data.source.csv.missing=["?"]', "data.source.csv.without_target=drop"]]),
    "nearly as many texts as rows": ([f"name{k}" for k in range(38)], "38 classes for 40 rows", []),
}  # fmt: skip


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_could_be_two_things_is_refused_with_the_lines_to_choose_from(case: str) -> None:
    entries, words, ways = TARGETS[case]
    lines = [f'{row},"{entries[row % len(entries)]}"' for row in range(40)]
    Path("t.csv").write_text("a,y\n" + "\n".join(lines) + "\n")
    message = refused()
    assert words in message
    told = [word.rstrip(";") for word in shlex.split(message)]
    for way in ways:
        assert set(way) <= set(told)
        kind = "classes" if "data.source.csv.kind=classes" in way else "values"
        loss = "cross_entropy" if kind == "classes" else "squared_error"
        spec = load_spec(SpecText("s.yaml", SPEC), [*way, f"loss={loss}"], name="s")
        assert spec.data.source.describe().targets == kind


def test_values_under_cross_entropy_name_the_line_that_makes_them_classes() -> None:
    Path("t.csv").write_text("a,y\n" + "".join(f"{row},{row % 3}\n" for row in range(40)))
    values = ["data.source.csv.kind=values", "loss=cross_entropy"]
    with pytest.raises(SpecError, match="cross_entropy does not fit csv, whose targets are values") as raised:
        load_spec(SpecText("s.yaml", SPEC), values, name="s")
    assert "data.source.csv.kind=classes" in str(raised.value)


def test_classes_that_are_whole_numbers_keep_their_names_whatever_they_count_from() -> None:
    for entries, classes in (("1 2 3", ("1", "2", "3")), ("0 5 9", ("0", "5", "9")), ("-1 1", ("-1", "1"))):
        words = entries.split()
        Path("t.csv").write_text("a,y\n" + "".join(f"{row},{words[row % len(words)]}\n" for row in range(40)))
        data: Any = load_spec(SpecText("s.yaml", SPEC), ["data.source.csv.kind=classes"], name="s").data
        assert data.source.describe().classes == classes
