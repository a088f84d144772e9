"""Features of a table as inputs.   M rows, I inputs, L levels"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import ClassVar, Literal

import numpy as np

from nnexp.data.formats.csv.csv_file import format_names, quote_entry
from nnexp.data.formats.csv.dialect import Dialect
from nnexp.data.formats.csv.table import CsvTable
from nnexp.nn.named import Named
from nnexp.typing import Array, Count, IntArray
from nnexp.wording import find_closest, format_count

REST_LEVEL = "(other)"
"""The input of all levels that are not among the commonest."""


@dataclass(frozen=True, slots=True)
class CategoryLevels:
    """What a column of categories may hold, and how it becomes inputs.

    levels: the levels in the order of their inputs, a whole number being compared as text, or `auto`: those that the
    training part has, in the order of their names. top: the commonest so many of them, and one input for all others.
    ordinal: levels that have an order; they become one input, 0, 1, 2 and so on. unseen: an entry that is none of the
    levels is an `error`, or `other`: it belongs to the input of all others, or to none where there is no such input.
    Usually it is an error where the levels are listed, and `other` where the training part decides.
    """

    short_parameter: ClassVar[str] = "levels"

    levels: Literal["auto"] | tuple[str | int, ...] = "auto"
    top: Count | None = None
    ordinal: tuple[str | int, ...] = ()
    unseen: Literal["error", "other"] | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the levels are known without looking at the training part."""
        return bool(self.ordinal) or (self.levels != "auto" and self.top is None)

    @property
    def words(self) -> tuple[str, ...]:
        """The levels as a file has them."""
        if self.ordinal:
            return tuple(map(str, self.ordinal))
        return tuple(map(str, self.levels)) if self.levels != "auto" else ()

    @property
    def takes_unseen(self) -> bool:
        """Whether an entry that is none of the levels is no error."""
        return self.unseen == "other" or (self.unseen is None and not self.is_decided)

    def decide_levels(self, name: str, training: Sequence[tuple[CsvTable, IntArray]]) -> tuple[str, ...]:
        """The levels of a column, by the rows that train; the last stands for all others where there are more."""
        listed = None if self.levels == "auto" else frozenset(self.words)
        counts: Counter[str] = Counter()
        for table, rows in training:
            column = table.words[name]
            times = np.bincount(column.which[rows], minlength=len(column.entries)).tolist()
            for word, count in zip(column.entries, times, strict=True):
                is_level = (listed is None or word in listed) and not table.file.dialect.is_missing(word)
                if count and is_level:
                    counts[word] += count
        # of two levels that are equally common, the first by name
        found = sorted(counts, key=lambda word: (-counts[word], word))
        if self.top is None or self.top >= len(found):
            return tuple(sorted(found))
        return (*sorted(found[: self.top]), REST_LEVEL)


@dataclass(frozen=True, slots=True)
class Features:
    """The columns that are features, in their order, of which some have levels and become one input for each.

        x_ml = 1 where the entry of row m is level l, else 0;  x_m = l for a column whose levels have an order

    A missing entry is NaN, in all inputs of its column. `levels` has the decided levels of every column of categories.
    """

    columns: tuple[str, ...]
    categories: Named[CategoryLevels]
    levels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def decide_levels(self, training: Sequence[tuple[CsvTable, IntArray]]) -> Features:
        """These features with the levels that the training rows decide."""
        found = []
        for name, category in self.categories.items():
            if not category.is_decided and name in self.columns:
                found.append((name, category.decide_levels(name, training)))
        return replace(self, levels=tuple(found))

    @property
    def number_columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(name for name in self.columns if name not in self.categories.names)

    @property
    def category_columns(self) -> tuple[str, ...]:
        """The columns of categories."""
        return tuple(name for name in self.columns if name in self.categories.names)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, such as "age" and "island=Biscoe"."""
        return tuple(chain.from_iterable(map(self._inputs_of, self.columns)))

    def levels_of(self, column: str) -> tuple[str, ...]:
        """The levels of a column of categories, that of all others last."""
        return dict(self.levels).get(column, self.categories[column].words)

    @classmethod
    def from_inputs(
        cls,
        inputs: Sequence[str],
        categories: Named[CategoryLevels],
        levels: tuple[tuple[str, tuple[str, ...]], ...] = (),
    ) -> Features:
        """The features that have these inputs, whose names are all different."""
        known = cls((), categories, levels)
        column_by_input = {}
        for name in categories.names:
            owned = known._inputs_of(name)
            if owned:
                column_by_input[owned[0]] = name
        columns, place = [], 0
        while place < len(inputs):
            column = column_by_input.get(inputs[place], inputs[place])
            columns.append(column)
            place += len(known._inputs_of(column))
        return replace(known, columns=tuple(columns))

    def encode_table(self, table: CsvTable) -> Array:
        """The inputs of every row (M, I). Raises DataError for the first that is infinite, or no level."""
        columns = [self._encode_column(table, column) for column in self.columns]
        x = np.concatenate(columns, axis=-1) if columns else np.zeros((len(table), 0))
        wrong = np.isinf(x)
        if wrong.any():
            row = int(wrong.any(axis=-1).argmax())
            column = self._column_of(int(wrong[row].argmax()))
            line, entries = table.file.read_row(row)
            raise table.file.make_error(f"{quote_entry(entries[column])} is not a finite number", line, column)
        return x

    def describe_unseen(self, table: CsvTable) -> list[str]:
        """What a file has in its columns of categories that training never saw, a sentence for each column."""
        sentences = []
        for column in self.category_columns:
            words, levels = table.words[column], self.levels_of(column)
            unseen = self._find_unseen(table, column)
            has_rest = levels[-1:] == (REST_LEVEL,)  # which rare levels it stands for is not kept
            if unseen and not has_rest:
                counts = words.count_rows()
                known = dict(zip(words.entries, counts.tolist(), strict=True))
                rows = sum(known[word] for word in unseen)
                near = find_closest(unseen[0], levels)
                hint = f", did you mean {quote_entry(near)}?" if near else ""
                what = f"{format_count(rows, 'row')} with a level that training never saw"
                sentences.append(f"column {quote_entry(column)}: {what}, such as {quote_entry(unseen[0])}{hint}")
        return sentences

    def _find_unseen(self, table: CsvTable, column: str) -> list[str]:
        """The entries of a column that are none of its levels."""
        words = table.words[column].entries
        places = self._find_rows(words, self.levels_of(column), table.file.dialect)
        return [word for word, place in zip(words, places, strict=True) if place < 0]

    def _encode_column(self, table: CsvTable, column: str) -> Array:
        """The inputs of one column (M, 1) or (M, L)."""
        if column in table.numbers:
            return table.numbers[column][:, None]
        category, words, levels = self.categories[column], table.words[column], self.levels_of(column)
        unseen = self._find_unseen(table, column)
        if unseen and not category.takes_unseen:
            near = find_closest(unseen[0], levels)
            hint = f"did you mean {quote_entry(near)}?" if near else f"they are {format_names(levels)}"
            what = f"{quote_entry(unseen[0])} is none of the levels; {hint}; to take others too: unseen: other"
            raise table.make_error(what, words.find_row(unseen[0]), column)
        rows = self._make_rows(category, levels)
        places = self._find_rows(words.entries, levels, table.file.dialect)
        return rows[np.array(places, np.int64)[words.which]]

    @staticmethod
    def _make_rows(category: CategoryLevels, levels: Sequence[str]) -> Array:
        """The inputs of each level, then those of a missing entry, then those of an unseen one."""
        if category.ordinal:
            return np.array([*range(len(levels)), np.nan, np.nan])[:, None]
        unseen = np.zeros(len(levels))
        if levels and levels[-1] == REST_LEVEL:
            unseen[-1] = 1
        return np.vstack([np.eye(len(levels)), np.full(len(levels), np.nan), unseen])

    @staticmethod
    def _find_rows(words: Sequence[str], levels: Sequence[str], dialect: Dialect) -> list[int]:
        """Which row of inputs each word stands for: its level's, the one after where it is missing, -1 where unseen."""
        places = dict(zip(levels, range(len(levels)), strict=True))
        found = []
        for word in words:
            unknown = len(levels) if dialect.is_missing(word) else -1
            found.append(places.get(word, unknown))
        return found

    def _inputs_of(self, column: str) -> list[str]:
        if column not in self.categories.names or self.categories[column].ordinal:
            return [column]
        return [f"{column}={level}" for level in self.levels_of(column)]

    def _column_of(self, index: int) -> str:
        """The column of an input, which is counted over all columns."""
        for column in self.columns:
            index -= len(self._inputs_of(column))
            if index < 0:
                return column
        raise IndexError(index)
