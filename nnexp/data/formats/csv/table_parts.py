"""What is read of the files of one table: its training rows, and its own dev and test parts.   M rows, I inputs"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnexp.data.formats.csv.features import Features
from nnexp.data.formats.csv.table import CsvTable
from nnexp.nn.losses.base import Targets
from nnexp.typing import AnyArray, Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class TableInputs:
    """The inputs x (N, I) of a file to predict for, the columns that tell its rows apart, and what was unexpected."""

    x: Array
    identifiers: dict[str, list[str]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What is read of every file: features, targets and their kind, the classes, and what the split goes by."""

    features: Features
    targets: tuple[str, ...]
    kind: Literal[Targets, "auto"]
    classes: tuple[str, ...]
    key_column: str | None


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """What is read of one file: its columns, the targets y of the rows (M,) that have one, and what y means."""

    table: CsvTable
    y: AnyArray
    rows: BoolArray
    kind: Targets
    classes: tuple[str, ...]


def list_rows_of_parts(parts: Sequence[TablePart], rows: IntArray) -> list[tuple[CsvTable, IntArray]]:
    """The tables, each with those of its rows that are among some examples, which are counted over all files."""
    found: list[tuple[CsvTable, IntArray]] = []
    start = 0
    for part in parts:
        own = rows[(rows >= start) & (rows < start + len(part.y))] - start
        found.append((part.table, np.flatnonzero(part.rows)[own]))
        start += len(part.y)
    return found
