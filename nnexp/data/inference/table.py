"""What an unknown table is: how it is written, its columns, and what there is to predict.   M rows"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nnexp.data.formats.csv.columns import check_columns
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import PLAIN_NUMBERS
from nnexp.data.formats.csv.parquet_file import open_table_file
from nnexp.data.formats.csv.split_keys import parse_dates
from nnexp.data.formats.csv.table import CsvTable, TextColumn, read_table
from nnexp.data.inference.columns import MAX_CODES, ColumnGuess, guess_column
from nnexp.data.inference.dialect import DialectGuess, guess_dialect
from nnexp.data.inference.file_notation import (
    choose_number_format,
    list_first_entries,
    mark_foreign_notation,
    mark_uncertain_groups,
    share_missing_signs,
)
from nnexp.data.inference.names import give_names
from nnexp.data.inference.notation import TIME_OF_DAY
from nnexp.data.inference.sentinels import Sentinel, find_sentinels
from nnexp.data.inference.targets import TargetGuess, guess_target
from nnexp.typing import Array

TARGET_NAMES = (
    "target", "label", "labels", "y", "outcome", "response", "survived", "diagnosis", "species", "class", "result",
)  # fmt: skip
"""Names of columns that are mostly what there is to predict, the surest first."""

GROUP_NAMES = frozenset({"patient", "subject", "participant", "person", "group", "user", "session", "household"})
"""Names of columns whose rows belong together, as those of one patient do."""

LEADING_ZERO_PATTERN = re.compile(r"0\d+")

MIN_TIME_ORDER = 0.95
"""The correlation of times with the places of their rows from which on rows come in the order of time."""

MIN_ROWS_PER_GROUP = 1.5
"""How many rows a group has at least, on average."""


@dataclass(frozen=True, slots=True, eq=False)
class TableGuess:
    """What a file is. `target_reason` says why its target is that column; sentinels are among the missing already.

    time, group: the columns that the rows should rather be split by.
    """

    shown: str
    dialect: DialectGuess
    rows: int
    columns: tuple[ColumnGuess, ...]
    target: TargetGuess
    target_reason: str
    sentinels: tuple[Sentinel, ...]
    time: str | None
    group: str | None
    table: CsvTable

    @property
    def features(self) -> tuple[ColumnGuess, ...]:
        """The columns that a network can learn from."""
        left_out = {self.target.column.name, self.time, self.group}
        return tuple(column for column in self.columns if column.is_feature and column.name not in left_out)

    @property
    def missing_signs(self) -> tuple[str | float, ...]:
        """The entries that stand for a missing value beside the usual ones."""
        return _list_missing_signs(self.columns, self.sentinels)


def guess_table(shown: str, target: str | None = None) -> TableGuess:
    """What a csv file is, with `target` as what there is to predict. Raises DataError where it is no table."""
    dialect_guess = guess_dialect(shown)
    table, asked = _read_named_table(give_names(open_table_file(shown, dialect_guess.dialect)), target)
    name, reason = _choose_target(_guess_columns(table), asked)
    table = _settle_notation(table, name)
    columns = _guess_settled_columns(table)
    sentinels = find_sentinels(_select_numbers(table, columns), _list_keys(table, columns))
    if sentinels:
        columns = _guess_settled_columns(_read_again(table, missing=tuple({found.value: None for found in sentinels})))
    signs = _list_missing_signs(columns, sentinels)
    columns = [share_missing_signs(column, table, signs) for column in columns]
    chosen = next(column for column in columns if column.name == name)
    others = [column for column in columns if column is not chosen]
    time = _find_time(table, others)
    return TableGuess(
        shown,
        replace(dialect_guess, dialect=table.file.dialect),
        len(table),
        tuple(columns),
        guess_target(chosen, _parse_numbers(table, name)),
        reason,
        sentinels,
        time,
        None if time is not None else _find_group(others),
        table,
    )


def _read_named_table(file: CsvFile, target: str | None) -> tuple[CsvTable, str | None]:
    """All columns of a file, which have names where they are features or dates, and the target by its name."""
    if target is not None:
        check_columns(file, file.names, [target])
    table = _read_columns(file)
    if not len(table):
        raise file.make_error("has no rows below the names of its columns")
    nameless = [column for column in _guess_columns(table) if not column.name]
    is_needed = any(column.is_feature or column.kind == "date" for column in nameless)
    if not is_needed and target != "":
        return table, target
    named = give_names(file, names_all=True)
    if target == "":
        target = named.names[file.names.index("")]
    return _read_columns(named), target


def _settle_notation(table: CsvTable, target: str) -> CsvTable:
    """The table, read in the notation of its numbers."""
    numbers = choose_number_format(_guess_columns(table), target, list_first_entries(table.file))
    # a column of "1.234" is plain by itself, and has groups where others have a decimal comma
    return table if numbers == PLAIN_NUMBERS else _read_again(table, numbers=numbers)


def _read_again(table: CsvTable, **changes: Any) -> CsvTable:
    """The table in another dialect."""
    file = open_table_file(table.file.shown, replace(table.file.dialect, **changes))
    return _read_columns(file)


def _read_columns(file: CsvFile) -> CsvTable:
    """All columns, as numbers or as texts; what is text in the first rows is not tried as numbers."""
    numbers: list[str] = []
    words: list[str] = []
    for name, entries in list_first_entries(file).items():
        is_text = any(file.dialect.parse_number(entry) is None for entry in entries)
        (words if is_text else numbers).append(name)
    found = read_table(file, numbers, words)
    return CsvTable(file, found.numbers, {}, found.texts | found.words)


def _list_missing_signs(columns: Sequence[ColumnGuess], sentinels: Sequence[Sentinel]) -> tuple[str | float, ...]:
    """What stands for a missing value beside the usual entries."""
    signs: dict[str | float, None] = {}
    for column in columns:
        signs |= dict.fromkeys(word for word, _ in column.signs)
    signs |= dict.fromkeys(sentinel.value for sentinel in sentinels)
    return tuple(signs)


def _guess_settled_columns(table: CsvTable) -> list[ColumnGuess]:
    """What each column is in a table whose notation is known."""
    entries, form = list_first_entries(table.file), table.file.dialect.numbers
    columns = [mark_foreign_notation(column, table) for column in _guess_columns(table)]
    return mark_uncertain_groups(columns, form, entries)


@lru_cache(maxsize=2)
def _guess_columns(table: CsvTable) -> tuple[ColumnGuess, ...]:
    """What each column is; numbers with zeros in front, such as 00123, may be codes."""
    entries = list_first_entries(table.file)
    found = []
    for place, name in enumerate(table.file.names):
        column: Array | TextColumn = table.numbers[name] if name in table.numbers else table.texts[name]
        guess = guess_column(name, column, is_first=place == 0)
        has_zeros = any(map(LEADING_ZERO_PATTERN.fullmatch, entries[name]))
        if has_zeros and guess.kind == "number" and not guess.unsure:
            guess = replace(guess, reason=f"{guess.reason}, with zeros in front", unsure="category")
        found.append(guess)
    return tuple(found)


def _select_numbers(table: CsvTable, columns: Sequence[ColumnGuess]) -> dict[str, Array]:
    """The columns that hold numbers and signs for missing values, which are NaN, and nothing else."""
    found = {}
    for column in columns:
        if column.kind == "number" and column.is_usable:
            found[column.name] = _parse_numbers(table, column.name)
    return found


def _list_keys(table: CsvTable, columns: Sequence[ColumnGuess]) -> list[Array]:
    """The numbers of the column by which the rows are split, where it has some."""
    group = _find_group(columns)
    return [] if group is None else [_parse_numbers(table, group)]


def _parse_numbers(table: CsvTable, name: str) -> Array:
    """The numbers of a column, NaN where an entry is none (M,)."""
    if name in table.numbers:
        return table.numbers[name]
    words = table.texts[name]
    parsed = [table.file.dialect.parse_number(entry) for entry in words.entries]
    return np.array([np.nan if value is None else value for value in parsed], np.float64)[words.which]


def _choose_target(columns: Sequence[ColumnGuess], asked: str | None) -> tuple[str, str]:
    """The column to predict, and why."""
    if asked is not None:
        return asked, "as asked for"
    folded = {column.name.casefold(): column for column in columns if column.kind not in ("constant", "date")}
    for name in TARGET_NAMES:
        if name in folded:
            return folded[name].name, "a guess by its name; --target names another"
    possible = [column for column in columns if column.is_feature]
    if possible and possible[-1] is columns[-1]:
        return columns[-1].name, "a guess: the last column; --target names another"
    chosen = (possible or list(columns))[-1]
    return chosen.name, "a guess: the last column that can be predicted; --target names another"


def _find_time(table: CsvTable, columns: Sequence[ColumnGuess]) -> str | None:
    """A column of dates in whose order the rows come: a series, whose future is to be predicted."""
    for column in columns:
        if column.kind != "date" or column.missing or column.date_notation == TIME_OF_DAY:
            continue
        words = table.texts[column.name]
        try:
            times = parse_dates(words.entries)[words.which]
        except ValueError:
            continue
        if column.distinct > MAX_CODES and _are_in_order(times):
            return column.name
    return None


def _are_in_order(times: Array) -> bool:
    """Whether the rows come in the order of time, forwards or backwards, but for a few."""
    ranks = np.unique(times, return_inverse=True)[1]
    return abs(float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1])) > MIN_TIME_ORDER


def _find_group(columns: Sequence[ColumnGuess]) -> str | None:
    """A column that says which rows belong together: one that is called so, or an identifier that comes again."""
    for column in columns:
        name = column.name.casefold()
        is_named = any(name in (word, f"{word}_id", f"{word} id", f"{word}id", f"{word}s") for word in GROUP_NAMES)
        is_group = (is_named or (column.kind == "identifier" and name)) and not column.missing
        # few groups are rather levels of a category, such as the groups of a trial
        if is_group and MAX_CODES < column.distinct <= column.rows / MIN_ROWS_PER_GROUP:
            return column.name
    return None
