"""metrics.csv: written and read here alone. One row an epoch, one in all of a baseline."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from nnexp.errors import RunError
from nnexp.storage import atomic
from nnexp.storage.atomic import Sync
from nnexp.typing import MetricsRow

FILE_NAME = "metrics.csv"


def write_metrics(folder: Path, history: Sequence[MetricsRow], sync: Sync = "folder") -> None:
    """Write the rows of a run, whole or not at all; `sync` as in `nnexp.storage.atomic.write_file`."""
    atomic.write_text(folder / FILE_NAME, format_metrics(history), sync)


def format_metrics(history: Sequence[MetricsRow]) -> str:
    """metrics.csv: numbers in the shortest form that reads back as the same number."""
    if not history:
        return ""
    columns = list(history[0])
    lines = [",".join(columns), *(",".join(repr(row[column]) for column in columns) for row in history)]
    return "\n".join(lines) + "\n"


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The rows of metrics.csv. Raises RunError, with the line, where it is damaged."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    rows: list[dict[str, float]] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            names = next(lines, [])
            rows.extend({name: float(cell) for name, cell in zip(names, cells, strict=True)} for cells in lines)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise RunError(f"{path}: line {len(rows) + 2} is damaged: {error}") from None
    return rows
