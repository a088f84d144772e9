"""What an unknown table is: how it is written, its columns, and what there is to predict.   M rows"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from nnexp.data.formats.csv.columns import check_columns
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import PLAIN_NUMBERS, NumberFormat
from nnexp.data.formats.csv.parquet_file import open_table_file
from nnexp.data.formats.csv.split_keys import parse_dates
from nnexp.data.formats.csv.table import CsvTable, TextColumn, read_table
from nnexp.data.inference.columns import MAX_CODES, ColumnGuess, guess_column
from nnexp.data.inference.dialect import DialectGuess, guess_dialect
from nnexp.data.inference.notation import TIME_OF_DAY
from nnexp.data.inference.sentinels import Sentinel, find_sentinels
from nnexp.data.inference.targets import TargetGuess, guess_target
from nnexp.typing import Array

TARGET_NAMES = (
    "target", "class", "label", "labels", "y", "outcome", "response", "diagnosis", "species", "survived", "result",
)  # fmt: skip
"""Names of columns that are mostly what there is to predict, the surest first."""

GROUP_NAMES = frozenset({"patient", "subject", "participant", "person", "group", "user", "session", "household"})
"""Names of columns whose rows belong together, as those of one patient do."""

SAMPLE_ROWS = 500
"""Rows whose entries are looked at as they are written."""

LEADING_ZERO_PATTERN = re.compile(r"0\d+")

MIN_ROWS_PER_GROUP = 1.5
"""How many rows a group has at least, on average."""


@dataclass(frozen=True, slots=True, eq=False)
class TableGuess:
    """What a file is. `target_reason` says why its target is that column; sentinels are among the missing already.

    time, group: the columns that the rows should rather be split by, or "".
    """

    shown: str
    dialect: DialectGuess
    rows: int
    columns: tuple[ColumnGuess, ...]
    target: TargetGuess
    target_reason: str
    sentinels: tuple[Sentinel, ...]
    time: str
    group: str
    table: CsvTable

    @property
    def features(self) -> tuple[ColumnGuess, ...]:
        """The columns that a network can learn from."""
        left_out = {self.target.column.name, self.time, self.group}
        return tuple(column for column in self.columns if column.is_feature and column.name not in left_out)

    @property
    def missing_signs(self) -> tuple[str | float, ...]:
        """The entries that stand for a missing value beside the usual ones."""
        signs: dict[str | float, None] = {}
        for column in self.columns:
            signs |= dict.fromkeys(word for word, _ in column.signs)
        signs |= dict.fromkeys(sentinel.value for sentinel in self.sentinels)
        return tuple(signs)


def guess_table(shown: str, target: str | None = None) -> TableGuess:
    """What a csv file is, with `target` as what there is to predict. Raises DataError where it is no table."""
    dialect_guess = guess_dialect(shown)
    file = open_table_file(shown, dialect_guess.dialect)
    file = _name_twice(file)
    if target is not None:
        check_columns(file, file.names, [target])
    table = _read_columns(file)
    columns = _guess_columns(table)
    numbers = _merge_number_formats(columns)
    if numbers != PLAIN_NUMBERS:
        # a column of "1.234" is plain by itself, and has groups where others have a decimal comma
        file = open_table_file(shown, replace(file.dialect, numbers=numbers))
        table = _read_columns(file)
        columns = _guess_columns(table)
    sentinels = find_sentinels(_select_numbers(table, columns))
    if sentinels:
        signs = tuple({sentinel.value: None for sentinel in sentinels})
        table = _read_columns(open_table_file(shown, replace(file.dialect, missing=signs)))
        columns = _guess_columns(table)
    chosen, reason = _choose_target(columns, target)
    return TableGuess(
        shown,
        replace(dialect_guess, dialect=file.dialect),
        len(table),
        tuple(columns),
        guess_target(chosen, is_whole=_is_whole(table, chosen)),
        reason,
        sentinels,
        _find_time(table, columns),
        _find_group(columns),
        table,
    )


def _name_twice(file: CsvFile) -> CsvFile:
    """The file with names of its own where two of its columns have the same one, or one has none among several."""
    names = file.names
    if len(set(names)) == len(names):
        return file
    different: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in different:
            unique, number = f"{name}_{number}", number + 1
        different.append(unique)
    dialect = replace(file.dialect, header=False, names=tuple(different), skip_lines=file.dialect.skip_lines + 1)
    return open_table_file(file.shown, dialect)


def _read_columns(file: CsvFile) -> CsvTable:
    """All columns, as numbers or as texts; what is text in the first rows is not tried as numbers."""
    first_rows = [entries for _, entries in islice(file.read_rows(), SAMPLE_ROWS)]
    numbers: list[str] = []
    words: list[str] = []
    for place, name in enumerate(file.names):
        is_text = any(file.dialect.parse_number(entries[place]) is None for entries in first_rows)
        (words if is_text else numbers).append(name)
    found = read_table(file, numbers, words)
    return CsvTable(file, found.numbers, {}, found.texts | found.words)


def _guess_columns(table: CsvTable) -> list[ColumnGuess]:
    """What each column is; numbers with zeros in front, such as 00123, may be codes."""
    first_rows = [entries for _, entries in islice(table.file.read_rows(), SAMPLE_ROWS)]
    found = []
    for place, name in enumerate(table.file.names):
        column: Array | TextColumn = table.numbers[name] if name in table.numbers else table.texts[name]
        guess = guess_column(name, column, is_first=place == 0)
        has_zeros = any(LEADING_ZERO_PATTERN.fullmatch(entries[place]) for entries in first_rows)
        if has_zeros and guess.kind == "number" and not guess.unsure:
            guess = replace(guess, reason=f"{guess.reason}, with zeros in front", unsure="category")
        found.append(guess)
    return found


def _select_numbers(table: CsvTable, columns: Sequence[ColumnGuess]) -> dict[str, Array]:
    """The columns that hold numbers and nothing else."""
    found = {}
    for column in columns:
        if column.kind == "number" and column.name in table.numbers:
            found[column.name] = table.numbers[column.name]
    return found


def _merge_number_formats(columns: Sequence[ColumnGuess]) -> NumberFormat:
    """One notation for all numbers of a file: a comma before decimals wherever there is one, and all symbols."""
    written = [column.numbers for column in columns if column.kind not in ("text", "category", "date")]
    decimal = "," if any(form.decimal == "," for form in written) else "."
    grouping = [form.thousands for form in written if form.thousands not in ("", decimal)]
    symbols: dict[str, None] = {}
    for form in written:
        symbols |= dict.fromkeys(form.symbols)
    return NumberFormat(decimal, grouping[0] if grouping else "", tuple(symbols))


def _choose_target(columns: Sequence[ColumnGuess], asked: str | None) -> tuple[ColumnGuess, str]:
    """What there is to predict, and why."""
    by_name = {column.name: column for column in columns}
    if asked is not None:
        return by_name[asked], "as asked for"
    folded = {column.name.casefold(): column for column in columns if column.kind not in ("constant", "date")}
    for name in TARGET_NAMES:
        if name in folded:
            return folded[name], "a guess by its name; --target names another"
    possible = [column for column in columns if column.is_feature]
    if possible and possible[-1] is columns[-1]:
        return columns[-1], "a guess: the last column; --target names another"
    chosen = (possible or list(columns))[-1]
    return chosen, "a guess: the last column that can be predicted; --target names another"


def _is_whole(table: CsvTable, column: ColumnGuess) -> bool:
    """Whether all numbers of a column are whole."""
    values = table.numbers.get(column.name)
    if values is None:
        entries = table.texts[column.name].entries
        parsed = [table.file.dialect.parse_number(entry) for entry in entries]
        values = np.array([np.nan if value is None else value for value in parsed])
    known = values[~np.isnan(values)]
    return bool((known == np.round(known)).all())


def _find_time(table: CsvTable, columns: Sequence[ColumnGuess]) -> str:
    """A column of dates in whose order the rows come: a series, whose future is to be predicted."""
    for column in columns:
        if column.kind != "date" or column.missing or column.date_notation == TIME_OF_DAY:
            continue
        words = table.texts[column.name]
        try:
            times = parse_dates(words.entries)[words.which]
        except ValueError:
            continue
        steps = np.diff(times)
        if column.distinct > MAX_CODES and ((steps >= 0).all() or (steps <= 0).all()):
            return column.name
    return ""


def _find_group(columns: Sequence[ColumnGuess]) -> str:
    """A column that says which rows belong together: one that is called so, or an identifier that comes again."""
    for column in columns:
        name = column.name.casefold()
        is_named = any(name in (word, f"{word}_id", f"{word} id", f"{word}id", f"{word}s") for word in GROUP_NAMES)
        is_group = is_named or column.kind == "identifier"
        if is_group and 2 < column.distinct <= column.rows / MIN_ROWS_PER_GROUP:
            return column.name
    return ""
