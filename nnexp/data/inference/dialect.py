"""How an unknown text file is written.

Everything is decided from the first lines, but for the encoding, which one byte at the end may contradict.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import MISSING_ENTRIES, PLAIN_DIALECT, WHITESPACE, Dialect, is_number_row
from nnexp.data.formats.csv.parquet_file import PARQUET_SUFFIXES
from nnexp.data.inference.notation import SUSPECTED_MISSING, parse_any_number
from nnexp.errors import DataError

SAMPLE_LINES = 200
"""Lines that are looked at."""

MAX_TITLE_LINES = 20
"""Lines above the table, such as a title, that are recognised."""

MIN_EVEN_SHARE = 0.9
"""The share of lines that have the same number of entries under the right separator."""

SEPARATORS = ("\t", ";", "|", ",", WHITESPACE, ":")
"""Tried in this order: a semicolon is seldom part of an entry, a comma often."""

BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8"}


@dataclass(frozen=True, slots=True)
class DialectGuess:
    """A dialect, and why each part of it was chosen; `unsure` names what may be otherwise."""

    dialect: Dialect
    reasons: dict[str, str]
    unsure: frozenset[str] = frozenset()


def guess_dialect(shown: str) -> DialectGuess:
    """How a file is written. Raises DataError where it cannot be read, or is empty."""
    if shown.lower().endswith(PARQUET_SUFFIXES):
        return DialectGuess(PLAIN_DIALECT, {})
    encoding, reason = _guess_encoding(shown)
    file = CsvFile(shown, replace(PLAIN_DIALECT, encoding=encoding))
    try:
        with file.open_text() as text:
            lines = [line for line in islice(text, SAMPLE_LINES) if line.strip()]
    except UnicodeError:
        raise file.make_error(f"is no text in {encoding.upper()}, nor in any other encoding that was tried") from None
    if not lines:
        raise file.make_error("is empty")
    quote = _guess_quote(lines)
    separator = _guess_separator(lines, quote)
    rows = split_lines(lines, separator, quote)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    skip = _count_title_lines(rows, width)
    dialect = Dialect(separator, quote, encoding, skip_lines=skip)
    reasons = {"encoding": reason} if reason else {}
    if skip:
        reasons["skip_lines"] = f"the table begins in line {skip + 1}"
    return _guess_header(dialect, rows[skip:], width, reasons)


def _guess_encoding(shown: str) -> tuple[str, str]:
    """The encoding of a file, and why where it is not the usual one."""
    plain = CsvFile(shown)
    with plain.open_bytes() as stream:
        start = stream.read(4096)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            reason = "" if encoding == "utf-8" else "its first bytes say so"
            return encoding, reason
    if b"\0" in start:  # every other byte of a Latin text in UTF-16
        return ("utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"), "every other byte is 0"
    try:
        plain.check_encoding()
    except DataError:
        reason = "it is no text in UTF-8; where letters with accents look wrong, it is another one"
        for encoding in ("cp1252", "latin-1"):
            try:
                CsvFile(shown, replace(PLAIN_DIALECT, encoding=encoding)).check_encoding()
            except DataError:
                continue
            return encoding, reason
    return "utf-8", ""


def _guess_quote(lines: Sequence[str]) -> Literal['"', "'"]:
    """The quotes around entries; the usual ones where there are none."""
    text = "".join(lines)
    opening = [f"{separator}'" for separator in (",", ";", "\t", "|", "\n")]
    single = sum(text.count(mark) for mark in opening)
    return "'" if single > text.count('"') and single >= len(lines) else '"'


def _guess_separator(lines: Sequence[str], quote: str) -> str:
    """What separates entries: what gives most lines the same number of them, more than one."""
    best, best_share = ",", 0.0
    for separator in SEPARATORS:
        widths = Counter(map(len, split_lines(lines, separator, quote)))
        width, times = widths.most_common(1)[0]
        share = times / widths.total()
        if width > 1 and share >= MIN_EVEN_SHARE:
            return separator
        if width > 1 and share > best_share:
            best, best_share = separator, share
    return best


def split_lines(lines: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    """The entries of some lines."""
    if separator == WHITESPACE:
        lines = [" ".join(line.split()) + "\n" for line in lines]
        separator = " "
    reader = csv.reader(
        io.StringIO("".join(lines)), delimiter=separator, quotechar=quote, skipinitialspace=separator != " "
    )
    try:
        return [[entry.strip() for entry in row] for row in reader if row]
    except csv.Error:
        return [[line] for line in lines]


def _count_title_lines(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many lines above the table are no rows of it."""
    for place, row in enumerate(rows[:MAX_TITLE_LINES]):
        is_comment = row[0].startswith("#") and len(row) != width
        # a line of names may lack the one of a column of row numbers
        if not is_comment and len(row) in (width, width - 1) and (len(row) == width or _looks_like_names(row)):
            return place
    return 0


def _looks_like_names(row: Sequence[str]) -> bool:
    """Whether the entries of a line may be names: different texts."""
    has_numbers = any(parse_any_number(entry) is not None for entry in row)
    return not has_numbers and len(set(row)) == len(row) and all(row)


def _guess_header(dialect: Dialect, rows: Sequence[Sequence[str]], width: int, reasons: dict[str, str]) -> DialectGuess:
    """Whether the first line has the names of the columns."""
    first, below = rows[0], [row for row in rows[1:] if len(row) == width]
    if len(first) == width - 1:
        names = ("row", *first)
        reasons["names"] = "the first line has no name for the first column"
        return DialectGuess(replace(dialect, header=False, names=names, skip_lines=dialect.skip_lines + 1), reasons)
    votes = 0
    for place, entry in enumerate(first):
        votes += _vote_for_header(entry, [row[place] for row in below])
    if votes > 0 or (not below and not is_number_row(first)):
        return DialectGuess(dialect, reasons)
    reasons["header"] = "the first line has entries like those below"
    unsure = frozenset({"header"}) if votes > -2 else frozenset[str]()
    return DialectGuess(replace(dialect, header=False), reasons, unsure)


def _vote_for_header(entry: str, below: Sequence[str]) -> int:
    """Whether a first entry is a name (1) or one like those below it (-1); 0 where nothing tells."""
    if entry.casefold() in MISSING_ENTRIES | SUSPECTED_MISSING:
        return -1 if entry else 0
    known = [other for other in below if other.casefold() not in MISSING_ENTRIES | SUSPECTED_MISSING]
    numbers = sum(parse_any_number(other) is not None for other in known)
    if parse_any_number(entry) is not None:
        return -1
    if known and numbers > len(known) / 2:
        return 2
    if entry in below:
        return -1
    # a text that comes only once, where others come again and again
    return 1 if len(set(known)) < len(known) / 2 else 0
