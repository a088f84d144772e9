"""Columns of a csv file as arrays.   M rows

Two readers say the same: pandas', which is fast, and one that looks at every entry. pandas mends what is unusual, such
as a row that is too short, without a word: where it might have, the rows are counted, or the other reader is asked.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import WHITESPACE, Dialect
from nnexp.data.formats.csv.parquet_file import ParquetFile
from nnexp.errors import DataError
from nnexp.typing import AnyArray, Array, IntArray

if TYPE_CHECKING:
    import pandas as pd

EXACT_PANDAS_VERSION = (3, 1)
"""The version of pandas whose usual way of reading numbers rounds correctly; before that it has to be asked to."""


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts: the different ones in the order of their appearance, and which each row has (M,)."""

    entries: tuple[str, ...]
    which: IntArray

    def find_row(self, value: str) -> int:
        """The first row that has a text."""
        return int((self.which == self.entries.index(value)).argmax())

    def count_rows(self) -> IntArray:
        """How many rows have each text."""
        return np.bincount(self.which, minlength=len(self.entries))


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """The columns that were asked for: of numbers (M,), NaN where one is missing, and of words.

    A column of numbers that has texts too stands among `texts`, entry by entry, and not among the numbers.
    """

    file: CsvFile
    numbers: dict[str, Array]
    words: dict[str, TextColumn]
    texts: dict[str, TextColumn] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of rows."""
        texts = [column.which for column in [*self.words.values(), *self.texts.values()]]
        column: AnyArray = next(iter([*self.numbers.values(), *texts]))
        return len(column)

    def make_error(self, what: str, row: int, column: str) -> DataError:
        """The error about an entry, with its line."""
        return self.file.make_error(what, self.file.read_row(row)[0], column)


def read_table(file: CsvFile, numbers: Sequence[str], words: Sequence[str]) -> CsvTable:
    """Some columns of a file. Raises DataError where a row is not as long as the others."""
    if isinstance(file, ParquetFile):
        return _read_parquet(file, numbers, words)
    table = read_quickly(file, numbers, words)
    if table is None:
        file.check_rows()
        table = read_exactly(file, numbers, words)
    return table


def _read_parquet(file: ParquetFile, numbers: Sequence[str], words: Sequence[str]) -> CsvTable:
    """Columns of a Parquet file, which has numbers as such."""
    found: dict[str, Array] = {}
    written: dict[str, TextColumn] = {}
    for name in numbers:
        column = file.read_column(name)
        if column.dtype.kind == "f":
            found[name] = _clean_numbers(column, file.dialect)
        else:
            written[name] = _make_text_column(column)
    texts = {name: _make_text_column(file.read_entries(name)) for name in words}
    return _make_table(file, found, written, texts)


def read_exactly(file: CsvFile, numbers: Sequence[str], words: Sequence[str]) -> CsvTable:
    """What `read_table` gives, entry by entry."""
    readers = [ColumnReader(name, file.names.index(name)) for name in [*numbers, *words]]
    for _, entries in file.read_rows():
        for reader in readers:
            reader.which.append(reader.codes.setdefault(entries[reader.index], len(reader.codes)))
    columns = {reader.name: TextColumn(tuple(reader.codes), np.array(reader.which, np.int64)) for reader in readers}
    return _make_table(file, {}, {name: columns[name] for name in numbers}, {name: columns[name] for name in words})


@dataclass(slots=True)
class ColumnReader:
    """A column as it is read: a number for each different entry, and those of all rows."""

    name: str
    index: int
    which: array[int] = field(default_factory=lambda: array("q"))
    codes: dict[str, int] = field(default_factory=dict)


def _make_table(
    file: CsvFile, numbers: dict[str, Array], written: dict[str, TextColumn], words: dict[str, TextColumn]
) -> CsvTable:
    """A table from columns of numbers, of numbers as they are `written`, and of words."""
    texts = {}
    numbers = dict(numbers)
    for name, column in written.items():
        values = [file.dialect.parse_number(entry) for entry in column.entries]
        if None in values:
            texts[name] = column
        else:
            numbers[name] = _remove_negative_zero(np.array(values, np.float64)[column.which])
    return CsvTable(file, numbers, words, texts)


def read_quickly(file: CsvFile, numbers: Sequence[str], words: Sequence[str]) -> CsvTable | None:
    """What `read_table` gives, by pandas; None where it might not be what `read_exactly` gives."""
    names, dialect = file.names, file.dialect
    first = next(islice(file.read_records(), int(dialect.header), None), None)
    # from a first row of another length, pandas makes an index
    if first is None or len(first[1]) != len(names):
        return None
    # numbers in place of names, which may be empty or look like one of pandas' own
    labels = dict(zip(names, map(str, range(len(names))), strict=True))
    # groups of digits and symbols are read one entry at a time: pandas would take "1,2,3" for 123
    is_simple = not (dialect.numbers.thousands or dialect.numbers.symbols)
    plain = list(numbers) if is_simple else []
    frame = _read_frame(file, {labels[name] for name in plain})
    if frame is None:
        return None
    count = _count_rows(file, frame)
    found: dict[str, Array] = {}
    mixed = [name for name in plain if frame[labels[name]].dtype.kind not in "iuf"]
    for name in plain:
        if name not in mixed:
            found[name] = _clean_numbers(frame[labels[name]].to_numpy(np.float64)[:count], dialect)
    if mixed:
        # pandas has made something of their entries; here they are as they stand in the file
        again = _read_frame(file, (), {labels[name] for name in mixed})
        if again is None:
            return None
        for label in again:
            frame[label] = again[label]
    written = {name: _make_text_column(frame[labels[name]].to_numpy()[:count]) for name in numbers if name not in found}
    texts = {name: _make_text_column(frame[labels[name]].to_numpy()[:count]) for name in words}
    return _make_table(file, found, written, texts)


def _read_frame(file: CsvFile, numbers: Collection[str], only: Collection[str] | None = None) -> pd.DataFrame | None:
    """The columns by their places as texts, "0", "1" and so on; of `numbers` as numbers where all entries are.

    None where pandas complains.
    """
    import pandas as pd

    dialect = file.dialect
    labels = list(map(str, range(len(file.names))))
    spellings = dialect.list_missing_spellings()
    version = tuple(map(int, pd.__version__.split(".")[:2]))
    options: dict[str, Any] = {
        "sep": r"\s+" if dialect.separator == WHITESPACE else dialect.separator,
        "quotechar": dialect.quote,
        "decimal": dialect.numbers.decimal,
        "header": 0 if dialect.header else None,
        "names": labels,
        "usecols": None if only is None else sorted(only, key=int),
        "dtype": {label: object for label in labels if label not in numbers},
        "na_values": dict.fromkeys(numbers, spellings),
        "keep_default_na": False,
        "skip_blank_lines": False,
        "skipinitialspace": dialect.separator not in (" ", WHITESPACE),
        "engine": "c",
        "low_memory": False,  # else a column's type may change from chunk to chunk
        **({} if version >= EXACT_PANDAS_VERSION else {"float_precision": "round_trip"}),
    }
    try:
        with _open_for_pandas(file) as (stream, encoding), warnings.catch_warnings():
            # pandas only warns where it reads a file otherwise than it was asked to
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(stream, encoding=encoding, **options)
    except (ValueError, OverflowError, pd.errors.ParserWarning):
        return None


@contextmanager
def _open_for_pandas(file: CsvFile) -> Iterator[tuple[Any, str | None]]:
    """A stream, and its encoding where it is one of bytes, which pandas reads faster than text."""
    if file.dialect.skip_lines:
        with file.open_text() as text:
            yield text, None
        return
    with file.open_bytes() as raw:
        yield raw, file.encoding


def _count_rows(file: CsvFile, frame: pd.DataFrame) -> int:
    """The number of rows. Raises DataError where pandas has filled up a row that is too short, or a blank line."""
    last = frame[frame.columns[-1]].to_numpy()
    return file.check_rows() if _has_gaps(last) else len(frame)


def _clean_numbers(column: Array, dialect: Dialect) -> Array:
    """Numbers as pandas has read them, NaN where one stands for a missing value."""
    column = _remove_negative_zero(column)
    if dialect.missing_numbers:
        column[np.isin(column, dialect.missing_numbers)] = np.nan
    return column


def _remove_negative_zero(column: Array) -> Array:
    """The numbers of a column, without a zero that is negative, as pandas keeps only some of these."""
    return column + 0.0


def _has_gaps(column: AnyArray) -> bool:
    """Whether an entry of a column is missing: whether it may not have been there."""
    if column.dtype.kind == "f":
        return bool(np.isnan(column).any())
    return column.dtype.kind == "O" and any(not isinstance(entry, str) or not entry.strip() for entry in column)


def _make_text_column(column: AnyArray) -> TextColumn:
    """The words of a column of texts as they were read, spaces around them perhaps."""
    import pandas as pd

    which, values = pd.factorize(column)
    codes: dict[str, int] = {}
    merged = np.array([codes.setdefault(value.strip(), len(codes)) for value in values], np.int64)
    return TextColumn(tuple(codes), merged[which])
