"""Features of a table as inputs.   M rows, I inputs"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from nnexp.data.formats.csv.advice import CsvAdvice
from nnexp.data.formats.csv.csv_file import format_names, is_missing, quote_entry
from nnexp.data.formats.csv.table import CsvTable, TextColumn
from nnexp.nn.named import Named
from nnexp.typing import Array, BoolArray
from nnexp.wording import format_count


@dataclass(frozen=True, slots=True)
class CategoryLevels:
    """What a column of categories may hold, in the order of its inputs; a whole number is compared as text."""

    levels: tuple[str | int, ...]

    @property
    def level_words(self) -> tuple[str, ...]:
        """The levels as a file has them."""
        return tuple(map(str, self.levels))


@dataclass(frozen=True, slots=True)
class Features:
    """The columns that are features, in their order, of which some have levels and become one input for each.

        x_ml = 1 where the entry of row m is level l, else 0

    A missing entry is NaN, in all inputs of its column.
    """

    columns: tuple[str, ...]
    levels: Named[CategoryLevels]

    @property
    def number_columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(name for name in self.columns if name not in self.levels.names)

    @property
    def category_columns(self) -> tuple[str, ...]:
        """The columns of categories."""
        return tuple(name for name in self.columns if name in self.levels.names)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, such as "age" and "island=Biscoe"."""
        return tuple(chain.from_iterable(map(self._inputs_of, self.columns)))

    @classmethod
    def from_inputs(cls, inputs: Sequence[str], levels: Named[CategoryLevels]) -> Features:
        """The features that have these inputs, whose names are all different."""
        column_by_input = {f"{column}={entry.level_words[0]}": column for column, entry in levels.items()}
        columns, place = [], 0
        while place < len(inputs):
            first_input = inputs[place]
            column = column_by_input.get(first_input, first_input)
            place += len(levels[column].level_words) if first_input in column_by_input else 1
            columns.append(column)
        return cls(tuple(columns), levels)

    def encode_table(self, table: CsvTable, advice: CsvAdvice, *, may_miss: bool) -> Array:
        """The inputs of every row (M, I). Raises DataError for the first that is no number or level, or is missing."""
        texts = {name: table.texts[name] for name in self.number_columns if name in table.texts}
        if texts:
            raise advice.make_text_error(table.file, texts)
        columns = [self._encode_column(table, column) for column in self.columns]
        x = np.concatenate(columns, axis=-1) if columns else np.zeros((len(table), 0))
        self._refuse_entry(table, np.isinf(x), "{} is not a finite number")
        if not may_miss:
            missing = np.isnan(x)
            others = int(missing.any(axis=-1).sum()) - 1
            more = f", as in {format_count(others, 'more row')}" if others > 0 else ""
            self._refuse_entry(table, missing, f"the value is missing, {{}}{more}; {advice.describe_missing()}")
        return x

    def _refuse_entry(self, table: CsvTable, wrong: BoolArray, message: str) -> None:
        """Raises DataError for the first input that is wrong (M, I), with its entry put into the message."""
        if wrong.any():
            row = int(wrong.any(axis=-1).argmax())
            column = self._column_of(int(wrong[row].argmax()))
            line, entries = table.file.read_row(row)
            raise table.file.make_error(message.format(quote_entry(entries[column])), line, column)

    def _encode_column(self, table: CsvTable, column: str) -> Array:
        """The inputs of one column (M, 1) or (M, L)."""
        if column in table.numbers:
            return table.numbers[column][:, None]
        return _encode_levels(table, column, table.words[column], self.levels[column].level_words)

    def _inputs_of(self, column: str) -> list[str]:
        if column not in self.levels.names:
            return [column]
        return [f"{column}={level}" for level in self.levels[column].level_words]

    def _column_of(self, index: int) -> str:
        """The column of an input, which is counted over all columns."""
        for column in self.columns:
            index -= len(self._inputs_of(column))
            if index < 0:
                return column
        raise IndexError(index)


def _encode_levels(table: CsvTable, column: str, words: TextColumn, levels: Sequence[str]) -> Array:
    """Rows of one 1 each, or of NaN where the entry is missing. (M, L)"""
    rows = np.vstack([np.eye(len(levels)), np.full(len(levels), np.nan)])  # a missing entry comes last
    places = np.array([_find_row(word, levels) for word in words.values], np.int64)
    if (places < 0).any():
        row = int((places[words.which] < 0).argmax())
        line, entries = table.file.read_row(row)
        raise table.file.make_error(
            f"{quote_entry(entries[column])} is none of the levels {format_names(levels)}", line, column
        )
    return rows[places[words.which]]


def _find_row(word: str, levels: Sequence[str]) -> int:
    """Which row of inputs a word stands for: its level's, the last where it is missing, -1 where it is unknown."""
    if word in levels:
        return levels.index(word)
    return len(levels) if is_missing(word) else -1
