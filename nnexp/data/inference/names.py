"""Names that a spec can call the columns of an unknown table by."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from nnexp.data.class_names import UNPRINTABLE_CATEGORIES
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.parquet_file import ParquetFile


def give_names(file: CsvFile, *, names_all: bool = False) -> CsvFile:
    """The file with names of one line, all different; with `names_all` no column is without one.

    A column without a name is usually left out, and so keeps its lack of one.
    """
    names = make_usable_names(file.names, names_all=names_all)
    if names == file.names or isinstance(file, ParquetFile):
        return file
    return replace(file, dialect=replace(file.dialect, header=False, names=tuple(names), skip_lines=_count_lines(file)))


def make_usable_names(names: Sequence[str], *, names_all: bool = False) -> list[str]:
    r"""Names of one line, all different.

    >>> make_usable_names(["a", "a", "b\nc", ""]), make_usable_names(["", ""])
    (['a', 'a_2', 'b c', ''], ['column_1', 'column_2'])
    """
    lines = [" ".join(_blank_unprintable(name).split()) for name in names]
    taken = set(lines)
    usable: list[str] = []
    for place, line in enumerate(lines, start=1):
        name = line
        if not name and (names_all or lines.count("") > 1):
            name = f"column_{place}"
        number = 2
        while name in usable or (name != line and name in taken):
            name, number = f"{line or 'column'}_{number}", number + 1
        usable.append(name)
    return usable


def _blank_unprintable(name: str) -> str:
    """A name with spaces in place of line breaks and control characters."""
    letters = [" " if unicodedata.category(letter) in UNPRINTABLE_CATEGORIES else letter for letter in name]
    return "".join(letters)


def _count_lines(file: CsvFile) -> int:
    """The lines above the rows, those of the names among them, of which a quote may join several."""
    if not file.dialect.header:
        return file.dialect.skip_lines
    records = list(islice(file.read_records(), 2))
    return records[1][0] - 1 if len(records) == 2 else records[0][0]
