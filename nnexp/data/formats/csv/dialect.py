"""How a text file of a table is written: what separates, quotes and groups, and what an entry says."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from annotated_types import Predicate, doc

MISSING_ENTRIES = frozenset({"", "na", "n/a", "nan", "null"})
"""The entries that stand for a missing value in every file, in capitals or not."""

INFINITE_PATTERN = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)

WHITESPACE = "whitespace"
"""The separator of files whose columns stand under each other, apart by spaces and tabs."""

GROUPING_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
"""What else a space between digits may be; all of them are written as a plain one in a spec."""

GROUPING_CHARACTERS = (",", ".", " ", "'", "_")


def is_separator(text: str) -> bool:
    """Whether a text can stand between the entries of a csv file."""
    return text == WHITESPACE or text in {"\t", " ", *"!#$%&*,/:;<=>?@\\^`|~"}


def is_encoding(text: str) -> bool:
    """Whether Python knows an encoding of this name.

    >>> is_encoding("latin-1"), is_encoding("utf-99"), is_encoding("rot13")
    (True, False, False)
    """
    try:
        b"".decode(text)
        "".encode(text)
    except (LookupError, ValueError, UnicodeError):
        return False
    return True


Separator: TypeAlias = Annotated[
    str, Predicate(is_separator), doc("one character that separates entries, or whitespace")
]
Encoding: TypeAlias = Annotated[str, Predicate(is_encoding), doc("the name of an encoding, such as utf-8 or cp1252")]


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: `decimal` before the fraction, `thousands` between groups of three digits.

    `symbols` may stand before or after a number and change nothing: "$ 1,200" and "12 %" are 1200 and 12.
    """

    decimal: str = "."
    thousands: str = ""
    symbols: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a number looks like without its symbols."""
        point = re.escape(self.decimal)
        digits = "[0-9]+"
        if self.thousands:
            between = re.escape(self.thousands)
            # 0.125 is no number of thousands
            digits = f"(?:[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+|[0-9]+)"
        return re.compile(rf"[-+]?({digits}(?:{point}[0-9]*)?|{point}[0-9]+)([eE][-+]?[0-9]+)?")

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as in a program."""
        return self == PLAIN_NUMBERS

    def parse(self, entry: str) -> float | None:
        """The number that an entry is; None where it is a text.

        >>> NumberFormat(",", ".", ("€",)).parse("-1.200,5 €"), NumberFormat(thousands=",").parse("1,2,3")
        (-1200.5, None)
        """
        digits = self._strip_symbols(entry)
        if self.thousands == " ":
            for space in GROUPING_SPACES:
                digits = digits.replace(space, " ")
        if self.pattern.fullmatch(digits):
            if self.thousands:
                digits = digits.replace(self.thousands, "")
            return float(digits.replace(self.decimal, "."))
        return float(digits) if INFINITE_PATTERN.fullmatch(digits) else None

    def _strip_symbols(self, entry: str) -> str:
        """An entry without the symbols around it; a sign may stand before them."""
        for symbol in self.symbols:
            if symbol in entry:
                sign = ""
                if entry[:1] in ("-", "+") and entry[1:].lstrip().startswith(symbol):
                    sign, entry = entry[0], entry[1:].lstrip()
                entry = sign + entry.removeprefix(symbol).removesuffix(symbol).strip()
        return entry


PLAIN_NUMBERS = NumberFormat()


@dataclass(frozen=True)
class Dialect:
    """How a file is written, as far as reading its entries needs it.

    names: the names of the columns of a file without a line of names. skip_lines: lines above it all, such as a title.
    missing: entries that stand for a missing value, beside the usual ones; numbers by their value.
    """

    separator: str = ","
    quote: Literal['"', "'"] = '"'
    encoding: str = "utf-8"
    header: bool = True
    names: tuple[str, ...] = ()
    skip_lines: int = 0
    numbers: NumberFormat = PLAIN_NUMBERS
    missing: tuple[str | int | float, ...] = ()

    @cached_property
    def missing_words(self) -> frozenset[str]:
        """The entries that stand for a missing value in this file, as they are written."""
        return frozenset(token for token in self.missing if isinstance(token, str))

    @cached_property
    def missing_numbers(self) -> tuple[float, ...]:
        """The numbers that stand for a missing value, however they are written, in the spec and in the file."""
        values = [self.numbers.parse(token) if isinstance(token, str) else float(token) for token in self.missing]
        return tuple(value for value in values if value is not None)

    def is_missing(self, entry: str) -> bool:
        """Whether an entry says that its value is missing."""
        if entry in self.missing_words or entry.casefold() in MISSING_ENTRIES:
            return True
        return bool(self.missing_numbers) and self.numbers.parse(entry) in self.missing_numbers

    def parse_number(self, entry: str) -> float | None:
        """The number that an entry is: NaN where it says that it is missing, None where it is a text.

        >>> Dialect().parse_number("-1.5e3"), Dialect(missing=("?",)).parse_number("?"), Dialect().parse_number("1_000")
        (-1500.0, nan, None)
        """
        if entry in self.missing_words:
            return math.nan
        value = self.numbers.parse(entry)
        if value is None:
            return math.nan if entry.casefold() in MISSING_ENTRIES else None
        return math.nan if value in self.missing_numbers else value

    def list_missing_spellings(self) -> list[str]:
        """What a reader shall take for missing that compares entries as they are written."""
        # numbers are compared by their value, later and by all readers alike
        spellings = {"NaN", *(word for word in self.missing_words if self.numbers.parse(word) is None)}
        for word in MISSING_ENTRIES:
            spellings |= {word, word.upper(), word.capitalize()}
        return sorted(spellings)


PLAIN_DIALECT = Dialect()


def parse_number(entry: str) -> float | None:
    """The number that an entry of a plain file is: see `Dialect.parse_number`."""
    return PLAIN_DIALECT.parse_number(entry)


def name_columns(count: int) -> list[str]:
    """The names of columns that have none.

    >>> name_columns(3)
    ['c1', 'c2', 'c3']
    """
    return [f"c{number}" for number in range(1, count + 1)]


def is_number_row(entries: Sequence[str]) -> bool:
    """Whether a line holds numbers alone, and not the counts by which pandas numbers columns."""
    numbers = [parse_number(entry) for entry in entries]
    count = len(entries)
    return None not in numbers and numbers not in (list(range(count)), list(range(1, count + 1)))
