"""Times and groups of a table's rows, by which it is split.   M rows"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.table import CsvTable, TextColumn
from nnexp.data.splits import Split
from nnexp.errors import DataError
from nnexp.typing import AnyArray, Array, BoolArray

NUMBERS_PATTERN = re.compile(r"\d+")
YEAR_PATTERN = re.compile(r"\d{4}")
QUARTER_PATTERN = re.compile(r"(\d{4})[- ]?Q([1-4])")
MONTH_OR_DAY_PATTERN = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]")
MAX_MONTH = 12


def make_split_key(tables: Sequence[CsvTable], split: Split, rows: Sequence[BoolArray]) -> AnyArray | None:
    """The times, or groups, of all rows that are used (M,); None where the split asks for neither.

    Raises DataError where one is missing, or where times have no order.
    """
    column = split.key_column
    if column is None:
        return None
    keys = [_read_times(table, column) if split.time else _read_groups(table, column) for table in tables]
    return np.concatenate([key[chosen] for key, chosen in zip(keys, rows, strict=True)])


def _read_groups(table: CsvTable, column: str) -> AnyArray:
    """The group of each row, as text or as a number."""
    if column in table.numbers:
        return _check_known(table, column).astype(str)
    words = table.words[column]
    _check_present(table, column, words)
    return np.array(words.entries)[words.which]


def _read_times(table: CsvTable, column: str) -> Array:
    """A number for each row that grows with time: its number, or that of its date."""
    if column in table.numbers:
        return _check_known(table, column)
    words = table.words[column]
    _check_present(table, column, words)
    numbers = [table.file.dialect.parse_number(word) for word in words.entries]
    if None not in numbers:
        return np.array(numbers, np.float64)[words.which]
    return _parse_column(table, column, words)[words.which]


def _check_known(table: CsvTable, column: str) -> Array:
    """The numbers of a column (M,). Raises DataError where one is missing."""
    numbers = table.numbers[column]
    if np.isnan(numbers).any():
        raise table.make_error("the row cannot be split by a missing value", int(np.isnan(numbers).argmax()), column)
    return numbers


def _check_present(table: CsvTable, column: str, words: TextColumn) -> None:
    for word in words.entries:
        if table.file.dialect.is_missing(word):
            raise table.make_error(
                f"the row cannot be split by a missing value, {quote_entry(word)}", words.find_row(word), column
            )


def _parse_column(table: CsvTable, column: str, words: TextColumn) -> Array:
    """The different dates of a column as seconds. Raises DataError where they have no order."""
    try:
        return parse_dates(words.entries)
    except ValueError as error:
        message = f"the rows cannot be ordered by column {quote_entry(column)}: {error}; write dates as 2024-12-31"
        raise DataError(f"{table.file.shown}: {message}") from None


def parse_dates(entries: Sequence[str]) -> Array:
    """Dates as seconds, the day before the month where any entry shows it. Raises ValueError where one is no date.

    >>> parse_dates(["31.12.1969 23:59", "1970-01-02"]).tolist()
    [-60.0, 86400.0]
    >>> parse_dates(["1970-01-12", "1970Q2"]).tolist()
    [950400.0, 7776000.0]
    """
    import pandas as pd

    # what begins with the year has the month next, whatever the others have
    starts_with_year = [YEAR_PATTERN.match(entry) is not None for entry in entries]
    others = [entry for entry, is_iso in zip(entries, starts_with_year, strict=True) if not is_iso]
    is_day_first = _is_day_first(others)
    dates = [QUARTER_PATTERN.sub(_write_month, entry) for entry in entries]
    seconds = np.empty(len(dates))
    for has_year, day_first in ((True, False), (False, is_day_first)):
        places = np.flatnonzero(np.array(starts_with_year) == has_year)
        series = pd.Series([dates[place] for place in places.tolist()], dtype=object)
        parsed = pd.to_datetime(series, format="mixed", dayfirst=day_first, utc=True)
        seconds[places] = (parsed - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    return seconds


def _write_month(quarter: re.Match[str]) -> str:
    """The first month of a quarter, 2024-04 for 2024Q2."""
    year, number = quarter.groups()
    return f"{year}-{3 * int(number) - 2:02d}"


def _is_day_first(entries: Sequence[str]) -> bool:
    """Whether 01/02/2024 is the first of February. Raises ValueError where no entry tells."""
    if not all(MONTH_OR_DAY_PATTERN.match(entry) for entry in entries):
        return True  # 31.12.2024 has the day first, and in 31 May 2024 it is the only number before the year
    starts = [tuple(map(int, NUMBERS_PATTERN.findall(entry)[:2])) for entry in entries]
    may_be_day = all(second <= MAX_MONTH for _, second in starts)
    may_be_month = all(first <= MAX_MONTH for first, _ in starts)
    if starts and may_be_day and may_be_month:
        raise ValueError(
            f"{quote_entry(entries[0])} may be of two days, and no other entry tells whether the day is first"
        )
    return may_be_day
