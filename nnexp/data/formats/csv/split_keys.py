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

YEAR_FIRST_PATTERN = r"\d{4}"
NUMBERS_PATTERN = re.compile(r"\d+")
MAX_DAY = 31
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
        return table.numbers[column].astype(str)
    words = table.words[column]
    _check_present(table, column, words)
    return np.array(words.entries)[words.which]


def _read_times(table: CsvTable, column: str) -> Array:
    """A number for each row that grows with time: its number, or that of its date."""
    if column in table.numbers:
        return table.numbers[column]
    words = table.words[column]
    _check_present(table, column, words)
    numbers = [table.file.dialect.parse_number(word) for word in words.entries]
    if None not in numbers:
        return np.array(numbers, np.float64)[words.which]
    return _parse_column(table, column, words)[words.which]


def _check_present(table: CsvTable, column: str, words: TextColumn) -> None:
    for word in words.entries:
        if table.file.dialect.is_missing(word):
            raise table.make_error(f"the row cannot be split by {quote_entry(word)}", words.find_row(word), column)


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
    """
    import pandas as pd

    texts = pd.Series(entries)
    is_year_first = texts.str.match(YEAR_FIRST_PATTERN)
    seconds = np.empty(len(texts))
    # apart, because pandas takes 2024-01-02 for the first of February where it is told that the day is first
    for chosen, day_first in ((is_year_first, False), (~is_year_first, _is_day_first(entries))):
        parsed = pd.to_datetime(texts[chosen], format="mixed", dayfirst=day_first, utc=True)
        seconds[chosen] = (parsed - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return seconds


def _is_day_first(entries: Sequence[str]) -> bool:
    """Whether 01/02/2024 is the first of February. Raises ValueError where no entry tells."""
    if not all("/" in entry for entry in entries):
        return True  # 31.12.2024 has the day first, and 2024-12-31 is read as it is
    starts = []
    for entry in entries:
        numbers = list(map(int, NUMBERS_PATTERN.findall(entry)[:2]))
        if len(numbers) == 2 and numbers[0] <= MAX_DAY:  # else the year comes first
            starts.append(numbers)
    may_be_day = all(second <= MAX_MONTH for _, second in starts)
    may_be_month = all(first <= MAX_MONTH for first, _ in starts)
    if starts and may_be_day and may_be_month:
        raise ValueError(
            f"{quote_entry(entries[0])} may be of two days, and no other entry tells whether the day is first"
        )
    return may_be_day
