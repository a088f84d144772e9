"""A csv file as text: its lines, its entries, and what an entry says.

Spaces around an entry mean nothing, a byte-order mark neither; empty lines at the end are no rows.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from nnexp.data.file_source import find_path
from nnexp.errors import DataError
from nnexp.wording import format_count, shorten_text

MISSING_ENTRIES = frozenset({"", "na", "n/a", "nan", "null"})
"""The entries that stand for a missing value, in capitals or not."""

NUMBER_PATTERN = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
INFINITE_PATTERN = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)

BLOCK_BYTES = 2**20
"""Bytes that are looked at together."""

MAX_LISTED_NAMES = 10
"""How many names a message lists."""

MAX_ENTRY_CHARACTERS = 41
"""Characters of an entry that a message repeats, with the … that ends a longer one."""


def parse_number(entry: str) -> float | None:
    """The number that an entry is: NaN where it says that it is missing, None where it is a text.

    >>> parse_number("-1.5e3"), parse_number("NA"), parse_number("1_000")
    (-1500.0, nan, None)
    """
    if NUMBER_PATTERN.fullmatch(entry):
        return float(entry)
    if is_missing(entry):
        return math.nan
    return float(entry) if INFINITE_PATTERN.fullmatch(entry) else None


def is_missing(entry: str) -> bool:
    """Whether an entry says that its value is missing."""
    return entry.casefold() in MISSING_ENTRIES


def quote_entry(entry: str) -> str:
    """An entry in a message."""
    return repr(shorten_text(entry, MAX_ENTRY_CHARACTERS))


def format_names(names: Sequence[str]) -> str:
    """Names in a message, not too many of them."""
    listed = ", ".join(map(quote_entry, names[:MAX_LISTED_NAMES]))
    left_out = len(names) - MAX_LISTED_NAMES
    return f"{listed} and {left_out} more" if left_out > 0 else listed


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A csv file; `shown` is its name as the user wrote it."""

    shown: str
    separator: str = ","

    @property
    def path(self) -> Path:
        """The file. Raises DataError where it is not there or is no file."""
        found = find_path(self.shown)
        if not found.is_file():
            what = "is a folder, and a csv file is expected" if found.is_dir() else "is no ordinary file"
            raise self.make_error(what)
        return found

    def make_error(self, what: str, line: int = 0, column: str | None = None) -> DataError:
        """The error that says what is wrong, and where."""
        place = f"line {line}" if line else ""
        place += f", column {quote_entry(column)}" if column is not None else ""
        name = self.shown or "''"
        return DataError(f"{name}: {place}: {what}" if place else f"{name} {what}")

    def check_encoding(self) -> None:
        """Raises DataError where the file is not UTF-8 text, with the line of the first byte that is not."""
        decoder, line, last = codecs.getincrementaldecoder("utf-8")(), 1, b""
        try:
            with self.path.open("rb") as file:
                while True:
                    block = file.read(BLOCK_BYTES)
                    found = _find_invalid_byte(decoder, block)
                    if found is not None:
                        line += _count_line_breaks(block[: max(found, 0)], last)
                        raise self.make_error(_describe_invalid_byte(block, found), line)
                    if not block:
                        return
                    line, last = line + _count_line_breaks(block, last), block[-1:]
        except OSError as error:
            raise self.make_error(f"cannot be read: {error.strerror}") from None

    def read_header(self) -> list[str]:
        """The names of the columns."""
        first = next(self.read_records(), None)
        if first is None:
            raise self.make_error("is empty; its first line should hold the names of the columns")
        return first[1]

    def read_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The entries of every row below the header, each with its line. Raises DataError for one of another length."""
        records = self.read_records()
        names = next(records, (0, [""]))[1]
        blank = 0  # the first empty line; at the end of a file they are no rows, in the middle a mistake
        for line, entries in records:
            # a table of one column may have an empty entry, which then is a missing value
            if entries in ([], [""]) and not (len(names) == 1 and entries):
                blank = blank or line
                continue
            if blank:
                raise self.make_error("the line is empty", blank)
            if len(entries) != len(names):
                raise self.make_error(_describe_uneven_row(entries, names), line)
            yield line, entries

    def read_row(self, index: int) -> tuple[int, dict[str, str]]:
        """The line and the entries by column of one row, counted from 0."""
        names = self.read_header()
        line, entries = next(islice(self.read_rows(), index, None), (0, [""] * len(names)))
        return line, dict(zip(names, entries, strict=True))

    def read_records(self) -> Iterator[tuple[int, list[str]]]:
        """The entries of every line or, where quotes hold line breaks, of several; with the first one's number."""
        try:
            with self.path.open(newline="", encoding="utf-8-sig") as file:
                lines = _LineReader(file)
                skip = self.separator != " "  # else two separators would be one
                reader = csv.reader(lines, delimiter=self.separator, skipinitialspace=skip)
                begin = 1
                for entries in reader:
                    if lines.ended:
                        raise self.make_error("a quote is opened here and never closed", begin)
                    yield begin, [entry.strip() for entry in entries]
                    begin = reader.line_num + 1
        except csv.Error as error:
            what = str(error)
            if "field limit" in what:
                limit = f"{csv.field_size_limit():,}"
                what = f"an entry of more than {limit} characters, or a quote that is never closed"
            raise self.make_error(what, begin) from None
        except UnicodeDecodeError:
            raise self.make_error("is no text in UTF-8") from None
        except OSError as error:
            raise self.make_error(f"cannot be read: {error.strerror}") from None


class _LineReader:
    """The lines of a file, remembering whether its end was reached: inside a record, where a quote is not closed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.ended = False

    def __iter__(self) -> _LineReader:
        return self

    def __next__(self) -> str:
        line = next(self._file, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return line


def _find_invalid_byte(decoder: codecs.IncrementalDecoder, block: bytes) -> int | None:
    """Where in a block the first byte is that is no text, before it begins (-1) perhaps; None where all are."""
    pending = len(decoder.getstate()[0])  # the first bytes of a character, at the end of the block before
    found = []
    if 0 in block:  # which is UTF-8, and in no table but one in UTF-16
        found.append(block.index(0))
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        found.append(error.start - pending)
    return min(found, default=None)


def _describe_invalid_byte(block: bytes, found: int) -> str:
    """What is said of a byte, which may be one of the block before."""
    byte = f"the byte 0x{block[found]:02X}" if 0 <= found < len(block) else "a byte"
    return f"{byte} is no text in UTF-8; save the file as UTF-8"


def _count_line_breaks(block: bytes, before: bytes) -> int:
    """How many lines end in a block, each at a line feed, a carriage return, or both."""
    # a line feed that ends the carriage return of the block before was counted there
    halves = block.startswith(b"\n") and before == b"\r"
    return block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n") - halves


def _describe_uneven_row(entries: list[str], names: list[str]) -> str:
    entry_noun = "entry" if len(entries) == 1 else "entries"
    what = f"{len(entries)} {entry_noun} under {format_count(len(names), 'name')}"
    if not names[-1] and len(entries) == len(names) - 1:
        return f"{what}; the first line ends with a separator"
    return what
