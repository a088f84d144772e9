"""Words for people."""

from __future__ import annotations

import pytest

from nnexp.wording import (
    MAX_MESSAGE_CHARACTERS,
    find_closest,
    format_bytes,
    format_count,
    format_duration,
    format_percent,
    shorten_distinctly,
    shorten_text,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1000 * 2**10, "1000 KiB"), (2**30, "1 GiB"), (2**50, "1024 TiB")],
)
def test_bytes_are_written_in_the_largest_unit_that_they_fill(size: int, text: str) -> None:
    assert format_bytes(size) == text


def test_bytes_never_take_an_exponent() -> None:
    assert not [power for power in range(60) if "e" in format_bytes(2**power)]


def test_a_count_of_one_alone_is_singular() -> None:
    assert [format_count(number, "entry") for number in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]
    assert format_count(2, "day") == "2 days"


def test_a_duration_has_its_two_largest_units() -> None:
    seconds = (0, 59.6, 3599, 3600)
    assert list(map(format_duration, seconds)) == ["0 s", "1 min 0 s", "59 min 59 s", "1 h 0 min"]


def test_a_share_that_is_not_known_is_a_dash() -> None:
    assert [format_percent(share) for share in (float("nan"), float("inf"), 0.0)] == ["-", "-", "0.00 %"]


def test_a_shortened_text_is_as_long_as_asked_and_a_fitting_one_whole() -> None:
    assert shorten_text("a" * MAX_MESSAGE_CHARACTERS) == "a" * MAX_MESSAGE_CHARACTERS
    assert shorten_text("a" * (MAX_MESSAGE_CHARACTERS + 1)) == "a" * (MAX_MESSAGE_CHARACTERS - 1) + "…"


def test_shortened_texts_that_would_look_alike_show_where_they_differ() -> None:
    assert shorten_distinctly(["hidden units 64", "hidden units 128"], 10) == ["…64", "…128"]
    assert shorten_distinctly(["hidden units", "hidden units 64"], 10) == ["…units", "…units 64"]


def test_the_closest_name_is_found_whatever_its_case_and_none_where_none_is_like_it() -> None:
    assert find_closest("RELUU", ["relu", "tanh"]) == "relu"
    assert find_closest("softmax", ["relu", "tanh"]) is None
