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
    return _parse_dates(table, column, words)[words.which]


def _check_present(table: CsvTable, column: str, words: TextColumn) -> None:
    for word in words.entries:
        if table.file.dialect.is_missing(word):
            raise table.make_error(f"the row cannot be split by {quote_entry(word)}", words.find_row(word), column)


def _parse_dates(table: CsvTable, column: str, words: TextColumn) -> Array:
    """The different dates of a column as seconds."""
    import pandas as pd

    day_first = _is_day_first(table, column, words)
    try:
        parsed = pd.to_datetime(pd.Series(words.entries), format="mixed", dayfirst=day_first, utc=True)
    except ValueError:
        for word in words.entries:
            if pd.isna(pd.to_datetime(word, errors="coerce")):
                what = f"{quote_entry(word)} is neither a number nor a date, and rows are ordered by it"
                raise table.make_error(what, words.find_row(word), column) from None
        raise table.file.make_error(f"column {quote_entry(column)} holds dates of different kinds") from None
    return parsed.astype("int64").to_numpy().astype(np.float64)


def _is_day_first(table: CsvTable, column: str, words: TextColumn) -> bool:
    """Whether 01/02/2024 is the first of February. Raises DataError where no entry tells."""
    if not all("/" in word for word in words.entries):
        return True  # 31.12.2024 has the day first, and 2024-12-31 is read as it is
    numbers = [list(map(int, NUMBERS_PATTERN.findall(word)[:2])) for word in words.entries]
    starts = [pair for pair in numbers if len(pair) == 2 and pair[0] <= 31]  # else the year comes first
    may_be_day = all(second <= 12 for _, second in starts)
    may_be_month = all(first <= 12 for first, _ in starts)
    if starts and may_be_day and may_be_month:
        what = f"{quote_entry(words.entries[0])} may be of two days: no date tells whether the day comes first"
        raise DataError(f"{table.file.shown}: column {quote_entry(column)}: {what}; write dates as 2024-12-31")
    return may_be_day
