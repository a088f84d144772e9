"""How an unknown text file is written.

Everything is decided from the first lines, but for the encoding, which one byte at the end may contradict.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from typing import Literal

from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import MISSING_ENTRIES, PLAIN_DIALECT, WHITESPACE, Dialect, is_number_row
from nnexp.data.formats.csv.parquet_file import PARQUET_SUFFIXES
from nnexp.data.inference.notation import SUSPECTED_MISSING, is_numeric
from nnexp.errors import DataError

SAMPLE_LINES = 200
"""Lines that are looked at."""

MAX_TITLE_RECORDS = 20
"""Lines above the table, such as a title, that are recognised; empty ones do not count."""

MIN_EVEN_SHARE = 0.9
"""The share of lines that have the same number of entries under the right separator."""

SEPARATORS = ("\t", ";", "|", ",", WHITESPACE, ":")
"""Tried in this order: a semicolon is seldom part of an entry, a comma often."""

BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8"}


MIN_COUNTED_NAMES = 3
"""So many numbers at least in a first line that counts its columns; two in a row may be data."""

YEARS = range(1800, 2200)
"""Numbers that are names of columns where they come in equal steps, a column for each year."""

INTEGER_PATTERN = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Record:
    """The entries of one line, or of several that a quote joins; lines count from 0, the last one is not included."""

    first_line: int
    last_line: int
    entries: list[str]


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
    lines = _read_first_lines(file)
    quote = _guess_quote(lines)
    separator = _guess_separator(lines, quote)
    records = read_records(lines, separator, quote)
    if not records:
        raise file.make_error("has no entries")
    width = Counter(len(record.entries) for record in records).most_common(1)[0][0]
    table = records[_count_title_records(records, width) :]
    dialect = Dialect(separator, quote, encoding, skip_lines=table[0].first_line)
    reasons = {"encoding": reason} if reason else {}
    if dialect.skip_lines:
        reasons["skip_lines"] = f"the table begins in line {dialect.skip_lines + 1}"
    return _guess_header(dialect, table, width, reasons)


def _read_first_lines(file: CsvFile) -> list[str]:
    """The first lines of a file. Raises DataError where it has none, or they are no text."""
    try:
        with file.open_text() as text:
            lines = list(islice(text, SAMPLE_LINES))
    except UnicodeError:
        raise file.make_error(f"is no text in {file.dialect.encoding.upper()}") from None
    if not any(line.strip() for line in lines):
        raise file.make_error("is empty")
    return lines


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
        reason = "the file is not in UTF-8; if letters with accents look wrong, try another"
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
    opening = [f"{separator}'" for separator in (",", ";", "\t", "|", " ", "\n")]
    single = sum(text.count(mark) for mark in opening)
    return "'" if single > text.count('"') and single >= len(lines) else '"'


def _guess_separator(lines: Sequence[str], quote: str) -> str:
    """What separates entries: what gives most lines the same number of them, more than one."""
    best, best_share = ",", 0.0
    for separator in SEPARATORS:
        widths = Counter(len(record.entries) for record in read_records(lines, separator, quote))
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        share = times / widths.total()
        if width > 1 and share >= MIN_EVEN_SHARE:
            return _reconsider_comma(lines, quote) if separator == "," else separator
        if width > 1 and share > best_share:
            best, best_share = separator, share
    return best


def _reconsider_comma(lines: Sequence[str], quote: str) -> str:
    """A comma, or white space where commas stand in the numbers: "1,5 2,5"."""
    spaced = read_records(lines, WHITESPACE, quote)
    widths = Counter(len(record.entries) for record in spaced)
    width, times = widths.most_common(1)[0]
    if width == 1 or times < MIN_EVEN_SHARE * widths.total():
        return ","
    return WHITESPACE if _count_numbers(spaced) > _count_numbers(read_records(lines, ",", quote)) else ","


def _count_numbers(records: Sequence[Record]) -> int:
    """How many entries are numbers in some notation."""
    entries = chain.from_iterable(record.entries for record in records)
    return sum(map(is_numeric, entries))


def read_records(lines: Sequence[str], separator: str, quote: str) -> list[Record]:
    """The entries of some lines, of which quotes may join several; empty lines are none."""
    if separator == WHITESPACE:
        lines = [" ".join(line.split()) + "\n" for line in lines]
        separator = " "
    reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=separator != " ")
    records: list[Record] = []
    first_line = 0
    try:
        for row in reader:
            entries = [entry.strip() for entry in row]
            if any(entries) or len(entries) > 1:
                records.append(Record(first_line, reader.line_num, entries))
            first_line = reader.line_num
    except csv.Error:
        return [Record(place, place + 1, [line.strip()]) for place, line in enumerate(lines) if line.strip()]
    return records


def _count_title_records(records: Sequence[Record], width: int) -> int:
    """How many records above the table are no rows of it."""
    for place, record in enumerate(records[:MAX_TITLE_RECORDS]):
        row = record.entries
        is_apart = place + 1 < len(records) and records[place + 1].first_line > record.last_line
        is_comment = row[0] == "#" or (row[0].startswith("#") and len(row) != width)
        # a line of names may lack the one of a column of row numbers, or have a separator at its end
        may_be_names = len(row) == width - 1 or (len(row) == width + 1 and not row[-1])
        if not is_comment and (len(row) == width or (may_be_names and not is_apart and _looks_like_names(row[:width]))):
            return place
    return 0


def _looks_like_names(row: Sequence[str]) -> bool:
    """Whether the entries of a line may be names: different texts."""
    has_numbers = any(map(is_numeric, row))
    return not has_numbers and len(set(row)) == len(row) and all(row)


def _guess_header(dialect: Dialect, records: Sequence[Record], width: int, reasons: dict[str, str]) -> DialectGuess:
    """Whether the first line has the names of the columns."""
    first = records[0].entries
    below = [record.entries for record in records[1:] if len(record.entries) == width]
    names, reason = _find_mended_names(first, below, width)
    if names:
        mended = replace(dialect, header=False, names=names, skip_lines=records[0].last_line)
        return DialectGuess(mended, {**reasons, "names": reason})
    votes = 0
    for place, entry in enumerate(first):
        votes += _vote_for_header(entry, [row[place] for row in below])
    if votes > 0 or _has_numbered_names(first, below) or (not below and not is_number_row(first)):
        return DialectGuess(dialect, reasons)
    reasons["header"] = "the first line has entries like those below"
    unsure = frozenset({"header"}) if votes > -2 else frozenset[str]()
    return DialectGuess(replace(dialect, header=False), reasons, unsure)


def _find_mended_names(first: Sequence[str], below: Sequence[Sequence[str]], width: int) -> tuple[tuple[str, ...], str]:
    """The names of a first line that cannot stand as it is, and why; none of any other line."""
    if len(first) == width + 1:
        return tuple(first[:-1]), "the line of names ends with a separator, and the rows do not"
    if len(first) == width - 1 and not any(row[-1] for row in below):
        return (*first, ""), "the rows end with a separator, and the line of names does not"
    if len(first) == width - 1:
        return (_find_free_name("row", first), *first), "the first line has no name for the first column"
    if is_number_row(first) and _has_numbered_names(first, below):
        return tuple(first), "those of the first line, which are numbers"
    return (), ""


def _find_free_name(name: str, taken: Sequence[str]) -> str:
    """A name that is not taken."""
    while name in taken:
        name += "_"
    return name


def _has_numbered_names(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a first line counts the columns, as pandas does, or has years in equal steps that no row has."""
    places = [place for place, entry in enumerate(first) if INTEGER_PATTERN.fullmatch(entry)]
    numbers = [int(first[place]) for place in places]
    steps = {after - before for before, after in pairwise(numbers)}
    if len(steps) != 1 or steps == {0} or not below:
        return False
    if steps == {1} and numbers[0] in (0, 1) and len(numbers) >= MIN_COUNTED_NAMES:
        return len(first) - len(numbers) <= 1  # the first column may be the names of the rows
    if not all(number in YEARS for number in numbers):
        return False
    return not any(any(_is_year(row[place]) for place in places) for row in below)


def _is_year(entry: str) -> bool:
    return INTEGER_PATTERN.fullmatch(entry) is not None and int(entry) in YEARS


def _vote_for_header(entry: str, below: Sequence[str]) -> int:
    """Whether a first entry is a name (1) or one like those below it (-1); 0 where nothing tells."""
    if entry.casefold() in MISSING_ENTRIES | SUSPECTED_MISSING:
        return -1 if entry else 0
    known = [other for other in below if other.casefold() not in MISSING_ENTRIES | SUSPECTED_MISSING]
    numbers = sum(map(is_numeric, known))
    if is_numeric(entry):
        return -1
    if known and numbers > len(known) / 2:
        return 2
    if entry in below:
        return -1
    # a text that comes only once, where others come again and again
    return 1 if len(set(known)) < len(known) / 2 else 0
