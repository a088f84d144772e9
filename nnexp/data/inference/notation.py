"""Notations of entries: numbers as people write them, dates, yes and no, and signs for a missing value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nnexp.data.formats.csv.dialect import PLAIN_NUMBERS, NumberFormat
from nnexp.data.formats.csv.target_columns import NO_WORDS, YES_WORDS

MISSING_MARKS = frozenset(
    {"?", "-", "--", "---", ".", "..", "*", "#n/a", "#na", "<na>", "n.a.", "n.a", "na.", "-nan", "(null)", "\\n",
     "#value!", "#div/0!"}
)  # fmt: skip
"""Entries that often stand for a missing value beside the usual ones, in small letters; they are told before used."""

MISSING_WORDS = frozenset({"none", "nil", "missing", "unknown", "not available", "k.a.", "keine angabe"})
"""Words that do so among numbers; among words they may be a level like any other."""

SUSPECTED_MISSING = MISSING_MARKS | MISSING_WORDS

CURRENCIES = ("$", "€", "£", "¥", "%")
"""What is written beside numbers and changes nothing."""

NUMBER_FORMATS = (
    PLAIN_NUMBERS,
    NumberFormat(thousands=","),
    NumberFormat(decimal=","),
    NumberFormat(decimal=",", thousands="."),
    NumberFormat(decimal=",", thousands=" "),
    NumberFormat(thousands=" "),
    NumberFormat(thousands="'"),
)
"""How numbers are written, the commoner ones first."""

TIME_OF_DAY = "10:30"

DATE_PATTERNS = {
    "2024-05-31": re.compile(r"\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])([T ]\d{1,2}:\d{2}.*)?"),
    "2024/05/31": re.compile(r"\d{4}/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])( \d{1,2}:\d{2}.*)?"),
    "31.05.2024": re.compile(r"(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.(\d{4}|\d{2})( \d{1,2}:\d{2}.*)?"),
    "05/31/2024": re.compile(r"(0?[1-9]|[12]\d|3[01])/(0?[1-9]|[12]\d|3[01])/(\d{4}|\d{2})( \d{1,2}:\d{2}.*)?"),
    "31-May-2024": re.compile(r"\d{1,2}[- ][A-Za-z]{3,9}\.?[- ,]+(\d{4}|\d{2})"),
    "May 31 2024": re.compile(r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}( \d{1,2}:\d{2}.*)?"),
    "2024-05": re.compile(r"(1[5-9]|20)\d{2}-(0[1-9]|1[0-2])"),
    "2024Q2": re.compile(r"(1[5-9]|20)\d{2}[- ]?Q[1-4]"),
    TIME_OF_DAY: re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?( ?[AaPp][Mm])?"),
}
"""Notations of dates and times, each by an example."""

YES_NO_PAIRS = (("y", "n"), ("t", "f"), ("on", "off"), ("ja", "nein"), ("oui", "non"), ("si", "no"), ("sí", "no"))
"""Further spellings of yes and no."""


def list_symbols(entries: Sequence[str]) -> tuple[str, ...]:
    """The currency and percent signs that stand at the ends of some entries."""
    ends = set()
    for entry in entries:
        ends |= {entry.lstrip("+- ")[:1], entry[-1:]}
    return tuple(symbol for symbol in CURRENCIES if symbol in ends)


def find_number_format(entries: Sequence[str]) -> NumberFormat | None:
    """The first notation in which all entries are numbers; None where there is none."""
    if entries and not is_numeric(entries[0]):
        return None  # most texts fail at once
    for form in _list_number_formats(list_symbols(entries)):
        if all(form.parse(entry) is not None for entry in entries):
            return form
    return None


def is_numeric(entry: str) -> bool:
    """Whether an entry is a number in some notation."""
    return any(form.parse(entry) is not None for form in _list_number_formats(list_symbols([entry])))


@lru_cache
def _list_number_formats(symbols: tuple[str, ...]) -> tuple[NumberFormat, ...]:
    """All notations with these symbols, each with its pattern compiled once."""
    return tuple(NumberFormat(form.decimal, form.thousands, symbols) for form in NUMBER_FORMATS)


def is_ambiguous_grouping(entries: Sequence[str], form: NumberFormat) -> bool:
    """Whether what is taken for groups of thousands may be decimals: "1,234" where no entry has two such signs.

    >>> is_ambiguous_grouping(["1,234"], NumberFormat(thousands=","))
    True
    >>> is_ambiguous_grouping(["1,234.5"], NumberFormat(thousands=","))
    False
    """
    if not form.thousands or form.thousands in (" ", "'"):
        return False
    return not any(entry.count(form.thousands) > 1 or form.decimal in entry for entry in entries)


def find_date_notation(entries: Sequence[str]) -> str | None:
    """An example of the notation in which all entries are dates or times; None where there is none."""
    for example, pattern in DATE_PATTERNS.items():
        if all(map(pattern.fullmatch, entries)):
            return example
    return None


def is_yes_no(entries: Sequence[str]) -> bool:
    """Whether two entries are yes and no in some spelling."""
    words = {entry.casefold() for entry in entries}
    if len(words) != 2:
        return False
    if words <= YES_WORDS | NO_WORDS:
        return not (words <= YES_WORDS or words <= NO_WORDS)
    return any(words == set(pair) for pair in YES_NO_PAIRS)
