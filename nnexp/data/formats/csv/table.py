"""Columns of a csv file as arrays.   M rows

Two readers say the same: pandas', which is fast and gives up where anything is unusual, and one that looks at every
entry and knows where it stands.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import isnan
from typing import Any

import numpy as np

from nnexp.data.formats.csv.csv_file import MISSING_ENTRIES, CsvFile, parse_number
from nnexp.typing import AnyArray, Array, IntArray

MAX_TEXT_VALUES = 20
"""The different texts of a column that are remembered where numbers are expected."""

EXACT_PANDAS_VERSION = (3, 1)
"""The version of pandas whose usual way of reading numbers rounds correctly; before that it has to be asked to."""


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts: the different ones in the order of their appearance, and which each row has (M,)."""

    values: tuple[str, ...]
    which: IntArray


@dataclass(slots=True)
class UnexpectedTexts:
    """What a column holds that numbers are expected in: its first text and where, some more, and how many numbers."""

    line: int
    first: str
    values: dict[str, None] = field(default_factory=dict)
    numbers: int = 0

    def add_text(self, entry: str, line: int) -> None:
        """Remember one more text, up to one more than is needed to know that there are too many."""
        self.line, self.first = self.line or line, self.first or entry
        if len(self.values) <= MAX_TEXT_VALUES:
            self.values[entry] = None

    @property
    def has_few_values(self) -> bool:
        """Whether the column has texts alone, and so few that they may be categories."""
        return not self.numbers and len(self.values) <= MAX_TEXT_VALUES


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """The columns that were asked for: of numbers (M,), NaN where one is missing, and of words.

    Where a column of numbers has texts, `texts` says so, and there are no numbers.
    """

    file: CsvFile
    numbers: dict[str, Array]
    words: dict[str, TextColumn]
    texts: dict[str, UnexpectedTexts] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of rows."""
        column: AnyArray = next(iter([*self.numbers.values(), *(words.which for words in self.words.values())]))
        return len(column)


def read_table(file: CsvFile, names: Sequence[str], numbers: Sequence[str], words: Sequence[str]) -> CsvTable:
    """Some columns of a file that has these names. Raises DataError where a row is not as long as the others."""
    return read_quickly(file, names, numbers, words) or read_exactly(file, names, numbers, words)


def read_exactly(file: CsvFile, names: Sequence[str], numbers: Sequence[str], words: Sequence[str]) -> CsvTable:
    """What `read_table` gives, entry by entry."""
    number_readers = [NumberReader(name, names.index(name)) for name in numbers]
    word_readers = [WordReader(name, names.index(name)) for name in words]
    for line, entries in file.read_rows():
        for number_reader in number_readers:
            number_reader.read_entry(entries[number_reader.index], line)
        for word_reader in word_readers:
            codes = word_reader.codes
            word_reader.which.append(codes.setdefault(entries[word_reader.index], len(codes)))
    return CsvTable(
        file,
        {reader.name: _remove_negative_zero(np.array(reader.values)) for reader in number_readers},
        {reader.name: TextColumn(tuple(reader.codes), np.array(reader.which)) for reader in word_readers},
        {reader.name: reader.texts for reader in number_readers if reader.texts.line},
    )


@dataclass(slots=True)
class NumberReader:
    """A column of numbers as it is read."""

    name: str
    index: int
    values: array[float] = field(default_factory=lambda: array("d"))
    texts: UnexpectedTexts = field(default_factory=lambda: UnexpectedTexts(0, ""))

    def read_entry(self, entry: str, line: int) -> None:
        value = parse_number(entry)
        if value is None:
            self.values.append(np.nan)
            self.texts.add_text(entry, line)
            return
        self.values.append(value)
        if not isnan(value):
            self.texts.numbers += 1


@dataclass(slots=True)
class WordReader:
    """A column of words as it is read: a number for each different word, and those of all rows."""

    name: str
    index: int
    which: array[int] = field(default_factory=lambda: array("q"))
    codes: dict[str, int] = field(default_factory=dict)


def read_quickly(file: CsvFile, names: Sequence[str], numbers: Sequence[str], words: Sequence[str]) -> CsvTable | None:
    """What `read_table` gives, by pandas; None where it might not be what `read_exactly` gives.

    Rows that are too short are filled up by pandas, so a last column with gaps is not trusted; nor is a first row of
    another length, from which pandas makes an index, a column of true and false, or whatever it complains of.
    """
    import pandas as pd

    # from a first row that is longer than the header, pandas makes an index
    _, first = next(islice(file.read_records(), 1, None), (0, []))
    if len(first) != len(names):
        return None
    # numbers in place of names, which may be empty or look like one of pandas' own
    labels = list(map(str, range(len(names))))
    label = dict(zip(names, labels, strict=True))
    others = set(labels) - {label[name] for name in numbers}
    spellings = {"NaN"}
    for word in MISSING_ENTRIES:
        spellings |= {word, word.upper(), word.capitalize()}
    version = tuple(map(int, pd.__version__.split(".")[:2]))
    options: dict[str, Any] = {
        "sep": file.separator,
        "header": 0,
        "names": labels,
        "dtype": dict.fromkeys(others, object),
        "na_values": {label[name]: sorted(spellings) for name in numbers},
        "keep_default_na": False,
        "skip_blank_lines": False,
        "skipinitialspace": file.separator != " ",
        "encoding": "utf-8-sig",
        "engine": "c",
        "low_memory": False,  # else a column's type may change from chunk to chunk
        **({} if version >= EXACT_PANDAS_VERSION else {"float_precision": "round_trip"}),
    }
    try:
        with file.path.open("rb") as stream, warnings.catch_warnings():
            # pandas only warns where it reads a file otherwise than it was asked to
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(stream, **options)
    except (ValueError, OverflowError, pd.errors.ParserWarning):
        return None
    are_numbers = all(frame[label[name]].dtype.kind in "iuf" for name in numbers)
    if not are_numbers or _has_gaps(frame[labels[-1]].to_numpy()):
        return None
    return CsvTable(
        file,
        {name: _remove_negative_zero(frame[label[name]].to_numpy(np.float64)) for name in numbers},
        {name: _make_text_column(frame[label[name]].to_numpy()) for name in words},
    )


def _remove_negative_zero(column: Array) -> Array:
    """The numbers of a column, without a zero that is negative, as pandas keeps only some of these."""
    return column + 0.0


def _has_gaps(column: AnyArray) -> bool:
    """Whether an entry of a column is missing: whether it may not have been there."""
    if column.dtype.kind == "f":
        return bool(np.isnan(column).any())
    return column.dtype.kind == "O" and any(not entry or entry.isspace() for entry in column)


def _make_text_column(column: AnyArray) -> TextColumn:
    """The words of a column of texts as they were read, spaces around them perhaps."""
    import pandas as pd

    which, values = pd.factorize(column)
    codes: dict[str, int] = {}
    merged = np.array([codes.setdefault(value.strip(), len(codes)) for value in values], np.int64)
    return TextColumn(tuple(codes), merged[which])
