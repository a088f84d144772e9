"""A look at a table that no spec describes yet: what it most likely is, and what a person should know of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nnexp.data.dataset import Dataset
from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.parquet_file import PARQUET_SUFFIXES
from nnexp.data.inference.learnable import check_learnable
from nnexp.data.inference.remarks import Remark, find_remarks
from nnexp.data.inference.split_seeds import find_complete_split
from nnexp.data.inference.table import TableGuess, guess_table
from nnexp.errors import DataError, SpecError
from nnexp.spec.data_section import load_data_section
from nnexp.spec.problems import SpecText
from nnexp.spec.spec import Data
from nnexp.spec.starter import SCHEMA_FILE
from nnexp.spec.starter_for_table import format_table_spec

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", *PARQUET_SUFFIXES)
"""How the names of tables end, before the ending of a compressed file."""

COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")


def is_table_file(path: str) -> bool:
    """Whether a file is a table by its name.

    >>> is_table_file("a.csv.gz"), is_table_file("a.yaml")
    (True, False)
    """
    name = path.lower()
    for suffix in COMPRESSED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(TABLE_SUFFIXES)


@dataclass(frozen=True, slots=True, eq=False)
class TablePreview:
    """What a file most likely is, the spec that says so, and remarks on what a network would learn from."""

    guess: TableGuess
    spec: str
    remarks: list[Remark]

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        guess, dialect = self.guess, self.guess.dialect.dialect
        return {
            "file": guess.shown,
            "rows": guess.rows,
            "separator": dialect.separator,
            "encoding": dialect.encoding,
            "header": dialect.header,
            "decimal": dialect.numbers.decimal,
            "thousands": dialect.numbers.thousands,
            "missing": list(guess.missing_signs),
            "target": {
                "name": guess.target.column.name,
                "kind": guess.target.kind,
                "why": guess.target.reason,
                "unsure": bool(guess.target.unsure),
            },
            "time": guess.time,
            "group": guess.group,
            "columns": self._build_column_rows(),
            "remarks": [remark.what for remark in self.remarks],
        }

    def _build_column_rows(self) -> list[dict[str, Any]]:
        rows = []
        for column in self.guess.columns:
            row = {
                "name": column.name,
                "kind": column.kind,
                "why": column.reason,
                "unsure": bool(column.unsure),
                "or": column.unsure or None,
                "distinct": column.distinct,
                "missing": column.missing,
                "example": column.example,
            }
            rows.append(row)
        return rows


def preview_table(file: str, name: str = "table", target: str | None = None) -> TablePreview:
    """What a file is, with `target` to predict, and the spec of that name that trains on it.

    Raises DataError where the file is no table, or has nothing to learn from.
    """
    guess = guess_table(file, target)
    check_learnable(guess)
    spec = format_table_spec(guess, name, SCHEMA_FILE)
    section, data = _load_written_spec(file, spec)
    split = find_complete_split(section.split, data)
    if split is None and guess.time is not None:
        guess = replace(guess, time=None)  # some classes come late: at random all of them are trained on
        spec = format_table_spec(guess, name, SCHEMA_FILE)
        section, data = _load_written_spec(file, spec)
        split = find_complete_split(section.split, data)
    if split is None:
        what = f"has classes of its target {quote_entry(guess.target.column.name)} with too few rows to train on"
        raise DataError(f"{file} {what}; name another target: --target COLUMN")
    if split != section.split:
        spec = format_table_spec(guess, name, SCHEMA_FILE, split_seed=split.seed)
    return TablePreview(guess, spec, find_remarks(data))


def _load_written_spec(file: str, spec: str) -> tuple[Data, Dataset]:
    """The data of a spec that has just been written. Raises DataError."""
    try:
        section, _ = load_data_section(SpecText(file, spec))
        return section, section.load()
    except SpecError as error:  # the places of a spec that nobody has seen would say nothing
        raise DataError("; ".join(problem.message for problem in error.problems)) from None
