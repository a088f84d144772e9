"""Real tables and how a careful person reads each: `tables/` and `tables/unseen/`, with a `truth.yaml` in each folder.

The reading here uses what the truth says, and guesses nothing: it is what the reading of `nnexp new` is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import yaml

TABLES = Path(__file__).parent / "tables"
HALVES = {"seen": TABLES, "unseen": TABLES / "unseen"}
"""The files that the reading of `nnexp new` was written with, and those that it met when it was finished."""

ColumnName: TypeAlias = str | int
"""A column's name, or its place from 1 where it has none."""

DEFAULT_DIALECT: Mapping[str, Any] = {
    "separator": ",",
    "decimal": ".",
    "thousands": "",
    "symbols": "",
    "encoding": "utf-8",
    "quote": '"',
    "header": True,
    "row_names": False,
    "skip": 0,
    "footer": 0,
    "dates": "ISO8601",
}


@dataclass(frozen=True, slots=True)
class TableTruth:
    """What a careful person reads in a table; `truth.yaml` says what the fields mean."""

    path: Path
    half: str
    target: ColumnName
    task: str
    metric: str
    examples: int
    columns: Mapping[ColumnName, tuple[str, ...]]
    """The kinds of each column, any of which is right; the first is the one that is used."""
    dialect: Mapping[str, Any]
    missing: tuple[str, ...] = ("",)
    drop: tuple[ColumnName, ...] = ()
    group: ColumnName | None = None
    time: ColumnName | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def names_target(self) -> bool:
        """Whether the target must be named: it is not the last column."""
        return self.target != list_columns(self)[-1]


def load_truths(half: str = "seen") -> Iterator[TableTruth]:
    """The tables of a half, in the order of their names."""
    folder = HALVES[half]
    entries = yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))
    for name in sorted(entries):
        yield _make_truth(folder / name, half, dict(entries[name]))


def _make_truth(path: Path, half: str, entry: dict[str, Any]) -> TableTruth:
    columns: dict[ColumnName, tuple[str, ...]] = {}
    for kinds, names in entry.pop("columns").items():
        columns.update(dict.fromkeys(names, tuple(kinds.split(" or "))))
    dialect = {**DEFAULT_DIALECT, **entry.pop("dialect")}
    missing = tuple(entry.pop("missing", [""]))
    drop = tuple(entry.pop("drop", []))
    return TableTruth(path, half, columns=columns, dialect=dialect, missing=missing, drop=drop, **entry)


def list_columns(truth: TableTruth) -> list[ColumnName]:
    """The columns in the order of the file, by name or by place."""
    return list(read_entries(truth).columns)


def read_entries(truth: TableTruth) -> pd.DataFrame:
    """Every entry of a table as a text without spaces around it, or None where it is missing."""
    dialect = truth.dialect
    separator = dialect["separator"]
    table = pd.read_csv(
        truth.path,
        sep=r"\s+" if separator == "whitespace" else separator,
        header=0 if dialect["header"] else None,
        skiprows=dialect["skip"],
        skipfooter=dialect["footer"],
        encoding=dialect["encoding"],
        quotechar=dialect["quote"],
        engine="python" if dialect["footer"] else "c",
        dtype=str,
        keep_default_na=False,
    )
    if dialect["row_names"]:  # which have no entry in the header, as R's write.table leaves it
        table = table.reset_index(names="Unnamed: 0")
    table.columns = pd.Index([_name_column(name, place) for place, name in enumerate(table.columns, 1)], dtype=object)
    table = table.apply(lambda column: column.str.strip())
    is_missing = table.isin(truth.missing) | table.eq("")
    return table.astype(object).mask(is_missing, None)


def _name_column(name: str | int, place: int) -> ColumnName:
    if isinstance(name, int) or name.startswith("Unnamed: "):
        return place
    return name.strip()


def convert_numbers(column: pd.Series[str], dialect: Mapping[str, Any]) -> pd.Series[float]:
    """The numbers of a column in its notation. Raises ValueError where an entry is not a number."""
    texts = column
    if dialect["symbols"]:
        texts = texts.str.replace(f"[{re.escape(dialect['symbols'])}]", "", regex=True)
    if dialect["thousands"]:
        texts = texts.str.replace(dialect["thousands"], "", regex=False)
    return pd.to_numeric(texts.str.replace(dialect["decimal"], ".", regex=False).str.strip())
