"""metrics.csv: written and read here alone. One row an epoch, one in all of a baseline."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import RunError
from nnexp.storage import atomic
from nnexp.storage.atomic import Sync
from nnexp.typing import MetricsRow

if TYPE_CHECKING:
    import pandas as pd

FILE_NAME = "metrics.csv"

COUNTS = ("epoch", "step")
"""Columns of whole numbers; all others have fractions."""


def write_metrics(folder: Path, history: Sequence[MetricsRow], sync: Sync = "folder") -> None:
    """Write the rows of a run, whole or not at all; `sync` as in `nnexp.storage.atomic.write_file`."""
    atomic.write_text(folder / FILE_NAME, format_metrics(history), sync)


def format_metrics(history: Sequence[MetricsRow]) -> str:
    """metrics.csv: numbers in the shortest form that reads back as the same number."""
    if not history:
        return ""
    columns = list(history[0])
    lines = [",".join(map(_quote_name, columns)), *(_format_row(row, columns) for row in history)]
    return "\n".join(lines) + "\n"


def _quote_name(column: str) -> str:
    """The name of a column, in quotes where a class that it names would end it: recall_1,2."""
    if any(character in column for character in ',"\r\n'):
        return '"' + column.replace('"', '""') + '"'
    return column


def _format_row(row: MetricsRow, columns: Sequence[str]) -> str:
    return ",".join(repr(row[column]) for column in columns)


def read_metrics(folder: Path) -> list[MetricsRow]:
    """The rows of a run's metrics.csv, none where there is no such file.

    Raises RunError, with the line, where it is damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    rows: list[MetricsRow] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            names = next(lines, [])
            # Row by row, so that at an error the rows before it count its line.
            rows.extend(dict(zip(names, map(float, cells), strict=True)) for cells in lines)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise RunError(f"{path}: line {len(rows) + 2} is damaged: {error}") from None
    return rows


def read_metrics_table(folder: Path) -> pd.DataFrame:
    """The rows as a table, empty where there are none. Raises RunError as `read_metrics` does."""
    import pandas as pd

    # Not by `pandas.read_csv`, so that damage is found here too, and named with its line.
    table = pd.DataFrame(read_metrics(folder))
    return table.astype(dict.fromkeys(COUNTS, "int64")) if len(table) else table
