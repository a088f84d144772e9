"""A table in a Parquet file, with the columns and entries that a csv file of it would have.   M rows"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import Dialect
from nnexp.errors import DataError
from nnexp.optional import import_optional
from nnexp.typing import AnyArray

if TYPE_CHECKING:
    import pandas as pd

PARQUET_SUFFIXES = (".parquet", ".pq")

MISSING_VALUES = ("nan", "NaT", "<NA>")
"""What pandas has where a value is missing, as text."""


def open_table_file(shown: str, dialect: Dialect) -> CsvFile:
    """The file of a table, whose ending says whether it is text."""
    if shown.lower().endswith(PARQUET_SUFFIXES):
        return ParquetFile(shown, dialect)
    return CsvFile(shown, dialect)


@dataclass(frozen=True)
class ParquetFile(CsvFile):
    """A Parquet file; of its dialect only what stands for a missing value matters. Rows count from 1 in messages."""

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns. Raises DataError where the file cannot be read, UsageError without its library."""
        library = import_optional("fastparquet", "parquet", "reading a Parquet file")
        try:
            with self.path.open("rb") as file:
                return library.ParquetFile(file).to_pandas()
        except Exception as error:  # noqa: BLE001 - a damaged file fails in ways of its own
            raise DataError(f"{self.shown} is damaged, or no Parquet file: {error or type(error).__name__}") from None

    @property
    def place_word(self) -> str:
        return "row"

    def check_encoding(self) -> None:
        self.frame  # noqa: B018 - is read, or raises

    @cached_property
    def names(self) -> list[str]:
        return list(map(str, self.frame.columns))

    def read_column(self, name: str) -> AnyArray:
        """A column of numbers (M,) as such, with NaN where one is missing, or of entries as a csv file has them."""
        column = self.frame.iloc[:, self.names.index(name)]
        if column.dtype.kind in "iuf":
            return column.to_numpy(np.float64)
        return self.read_entries(name)

    def read_entries(self, name: str) -> AnyArray:
        """The entries of a column as a csv file has them (M,)."""
        column = self.frame.iloc[:, self.names.index(name)]
        return np.array([_format_entry(value) for value in column.tolist()], object)

    def read_rows(self) -> Iterator[tuple[int, list[str]]]:
        columns = [self.read_entries(name).tolist() for name in self.names]
        for place, entries in enumerate(zip(*columns, strict=True), start=1):
            yield place, list(entries)

    def check_rows(self) -> int:
        return len(self.frame)

    def read_row(self, index: int) -> tuple[int, dict[str, str]]:
        entries = self.frame.iloc[index].tolist() if index < len(self.frame) else [""] * len(self.names)
        return index + 1, dict(zip(self.names, map(_format_entry, entries), strict=True))

    def read_records(self) -> Iterator[tuple[int, list[str]]]:
        yield 0, self.names
        yield from self.read_rows()


def _format_entry(value: Any) -> str:
    """A value as it stands in a csv file; nothing for one that is missing."""
    if value is None or str(value) in MISSING_VALUES:
        return ""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else str(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value).strip()
