"""Reading and writing YAML by our own rules."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.errors import SpecError
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.scalars import MAX_DIGITS
from nnexp.spec.yaml import MAX_DEPTH, MAX_NODES, format_yaml, parse_yaml, walk_nodes


def plain(content: str) -> Any:
    return parse_yaml(SpecText("s.yaml", content)).make_plain()


def problem(content: str) -> Problem:
    with pytest.raises(SpecError) as caught:
        parse_yaml(SpecText("s.yaml", content))
    return caught.value.problems[0]


def at(content: str) -> tuple[int, int]:
    place = problem(content).place
    return place.line, place.column


FLOATS = {"1e-3": 1e-3, "1.0e3": 1000.0, "5E-4": 5e-4, ".5": 0.5, "1.": 1.0, "+2.5": 2.5, "-1e+2": -100.0, "0.0": 0.0}
INTEGERS = {"0": 0, "12": 12, "-7": -7, "+7": 7, "-0": 0, "9" * MAX_DIGITS: 10**MAX_DIGITS - 1}
OTHERS = {"true": True, "false": False, "null": None, "~": None, "": None}
TEXTS = [
    *("yes", "no", "on", "off", "True", "FALSE", "Null", "NULL", "y", "n", "TRUE"),
    *("1:30", "2024-01-31", "2024-01-31 10:00:00", "0x10", "0o17", "0b1", "1_000", "1e", "e3", ".", "-", "+", "--1"),
    *("inf", "nan", ".Inf", ".NaN", "1e3.5", "1,5", "20%", "1 2", "=", "٣", "１", "1e٣", "0-1"),
]


@pytest.mark.parametrize(("word", "value"), [*FLOATS.items(), *INTEGERS.items(), *OTHERS.items()])
def test_a_word_means_a_number_a_boolean_or_nothing(word: str, value: Any) -> None:
    found = plain(f"a: {word}")["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("word", "value"), [(".inf", math.inf), ("+.inf", math.inf), ("-.inf", -math.inf)])
def test_infinities_are_written_with_a_point(word: str, value: float) -> None:
    assert plain(word) == value


def test_not_a_number_is_written_with_a_point() -> None:
    assert math.isnan(plain(".nan"))


@pytest.mark.parametrize("word", [word for word in TEXTS if word != "-"])
def test_a_word_that_is_no_number_of_ours_is_a_text(word: str) -> None:
    assert plain(f"a: {word}") == {"a": word}


@pytest.mark.parametrize("word", [*FLOATS, *INTEGERS, *OTHERS, *TEXTS, "010", "a: b", "# c", "!x", "*y", "&z"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_what_stands_in_quotes_is_a_text(word: str, quote: str) -> None:
    assert plain(f"a: {quote}{word}{quote}") == {"a": word}


def test_a_key_is_a_text_whatever_it_looks_like() -> None:
    assert plain("{1: a, true: b, 1e-3: c, 010: d, ~: e}") == {"1": "a", "true": "b", "1e-3": "c", "010": "d", "~": "e"}


@pytest.mark.parametrize(("word", "meant"), [("010", "10"), ("-007", "-7"), ("00", "0"), ("+01", "1")])
def test_a_leading_zero_is_an_error_that_says_what_to_write(word: str, meant: str) -> None:
    found = problem(f"a: {word}")
    assert found.message == f"{word} begins with a zero"
    assert found.suggestion == f"write {meant}, or '{word}' in quotes if it is a text"


def test_a_number_with_more_digits_than_python_converts_is_an_error() -> None:
    assert "5000 digits" in problem("a: " + "9" * 5000).message
    assert "begins with a zero" in problem("a: " + "0" * 5000).message
    assert problem("a: " + "9" * (MAX_DIGITS + 1)).path == "a"


def test_a_repeated_key_is_an_error_at_its_second_place() -> None:
    assert at("a: 1\nb: 2\na: 3\n") == (3, 1)
    assert problem("a: 1\nb: 2\na: 3\n").message == "given twice, first on line 1"
    assert problem("a: {b: 1, b: 2}").path == "a.b"


def test_all_values_that_are_not_allowed_are_reported_together() -> None:
    with pytest.raises(SpecError) as caught:
        parse_yaml(SpecText("s.yaml", "a: 010\nb: !x 3\na: 4\n? [c]\n: 5\n"))
    assert [found.place.line for found in caught.value.problems] == [1, 2, 3, 4]


REFUSED = {
    "a: !!python/object:os.system x": "tags",
    "a: !x y": "tags",
    "a: &b !!str 3": "tags",
    "!!map {}": "tags",
    "!<tag:yaml.org,2002:str> a": "tags",
    "{!x a: 3}": "a key must be a word",
    "{[a]: 3}": "a key must be a word",
    "a: {<<: {b: 1}}": "merge keys",
    "a: 1\n---\nb: 2\n": "a second document begins here",
    "a: *b": "the alias 'b' has no anchor",
    "a: &b 1\nc: &b 2": "this anchor is defined twice",
    "&a [*a]": "contains an alias of itself",
    "a: &a {b: {c: *a}}": "contains an alias of itself",
    "a: \x07": "U+0007",
    "a: \x00": "U+0000",
    "a: \ud800": "U+D800",
    "a: 'b": "this quotation mark is never closed",
    "a: [1, 2\nb: 3": "this bracket is not closed by ']'",
    "a: {b: 1": "this bracket is not closed by '}'",
    "a: b: c": "a `:` cannot stand here",
    "a: @b": "a text cannot begin with '@'",
    "a: %b": "a text cannot begin with '%'",
    "a:\n  b: 1\n - c": "a list cannot begin here",
    "a:\n  - b\n c: 1": "this line does not continue those above it",
    "a: 1\nb\nc: 2": "this key is not followed by a `:`",
    'a: "\\q"': "means nothing in double quotes",
    "%YAML 9.9\n---\na: b": "not valid YAML",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_a_spec_does_not_need_is_refused(content: str) -> None:
    assert REFUSED[content] in problem(content).message


@pytest.mark.parametrize(
    ("content", "place"),
    [("a:\n\tb: 1", (2, 1)), ("a:\t1\n", (1, 3)), ("a: 1\t# b\n", (1, 5)), ("a:\n  b: 1\n\tc: 2\n", (3, 1))],
)
def test_a_tab_is_an_error_where_it_stands(content: str, place: tuple[int, int]) -> None:
    assert at(content) == place
    assert problem(content).message == "found a tab; YAML takes only spaces here"


def test_a_tab_inside_a_text_is_not_blamed_for_another_mistake() -> None:
    assert "quotation mark" in problem('a: "b\tc\n').message


def test_billions_of_values_by_aliases_are_refused() -> None:
    names = "abcdefghi"
    lines = [f"{n}: &{n} [{', '.join(['*' + before] * 9)}]" for before, n in pairwise(names)]
    assert f"more than {MAX_NODES:,} values" in problem("a: &a [x]\n" + "\n".join(lines)).message


def test_an_alias_is_a_copy() -> None:
    assert plain("{a: &x {b: 1}, c: *x, d: *x}") == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}}


@pytest.mark.parametrize(
    "content",
    [
        "[" * 5000,
        "[" * 1000 + "]" * 1000,
        "{a: " * 1000,
        "- " * 1000,
        "\n".join(" " * depth + "a:" for depth in range(500)),
        "a: &a0 x\n" + "\n".join(f"b{i}: &a{i} [*a{i - 1}]" for i in range(1, 500)),
    ],
)
def test_deep_nesting_is_refused(content: str) -> None:
    assert problem(content).message == f"nested more than {MAX_DEPTH} levels deep"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert plain("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)) is not None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_by_any_line_end(end: str) -> None:
    assert at(end.join(["a: 1", "b: 2", "c: 010"])) == (3, 4)
    assert at(end.join(["a: 1", "b: \x07"])) == (2, 4)
    assert plain(end.join(["a: 1", "b: x"])) == {"a": 1, "b": "x"}


def test_a_byte_order_mark_is_skipped() -> None:
    assert plain("\ufeffa: 1") == {"a": 1}


def test_every_node_and_key_has_its_place() -> None:
    tree = parse_yaml(SpecText("s.yaml", "a: {b: [1, 'x']}\n"))
    found = {path: (node.place.column, node.place.width) for path, node in walk_nodes(tree)}
    assert found == {"": (1, 1), "a": (4, 13), "a.b": (8, 8), "a.b.0": (9, 1), "a.b.1": (12, 3)}
    assert tree.keys["a"].column == 1


@pytest.mark.parametrize("content", ["", "\n", "# only a comment\n", "---\n", "null"])
def test_a_text_without_a_value_means_nothing(content: str) -> None:
    assert plain(content) is None


TRICKY = [
    *FLOATS,
    *INTEGERS,
    *OTHERS,
    *TEXTS,
    "010",
    "9" * 5000,
    ".inf",
    ".nan",
    "a: b",
    "- a",
    "# a",
    "a #b",
    "!a",
    "\x85",
    "\u2028",
    "|",
]
WRITABLE = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**MAX_DIGITS) + 1, 10**MAX_DIGITS - 1)
    | st.floats(allow_nan=False)
    | WRITABLE
    | st.sampled_from(TRICKY)
    | st.text("ab :#-'\"\n\t,[]{}&*!|>%@\\", max_size=12)
    | st.text("a b", min_size=90, max_size=150)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WRITABLE | st.sampled_from(TRICKY), inner, max_size=4),
    max_leaves=12,
)


def without_merge_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return "<<" not in value and all(map(without_merge_keys, value.values()))
    return not isinstance(value, list) or all(map(without_merge_keys, value))


@given(VALUES.filter(without_merge_keys))
def test_what_is_written_is_read_back(value: Any) -> None:
    found = plain(format_yaml(value))
    assert repr(found) == repr(value)


@pytest.mark.parametrize("value", [1e-05, 1e16, 1e300, -0.0, math.inf, -math.inf, math.nan, 5e-324, 0.1 + 0.2])
def test_every_float_is_written_so_that_it_comes_back_bit_by_bit(value: float) -> None:
    assert repr(plain(format_yaml({"a": value}))["a"]) == repr(value)


@pytest.mark.parametrize("value", ["two\nlines\n", " leading", "trailing ", "a\r\nb", "\x85", "\u2028", "é😀", "\x1b"])
def test_every_text_is_written_so_that_it_comes_back(value: str) -> None:
    assert plain(format_yaml({value: [value]})) == {value: [value]}
