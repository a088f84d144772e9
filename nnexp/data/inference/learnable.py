"""Whether a network can learn anything from an unknown table at all."""

from __future__ import annotations

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.inference.columns import MAX_CODES, ColumnGuess
from nnexp.data.inference.table import TableGuess
from nnexp.errors import DataError
from nnexp.wording import format_count

MIN_ROWS = 3
"""One to train by, one to choose by and one to judge by."""

MAX_CLASS_SHARE = 0.5
"""With more classes for each row, few of them have more than one example."""

NAME_ANOTHER = "name another: --target COLUMN"

MAX_LISTED_COLUMNS = 6
"""How many columns a message lists."""


def check_learnable(guess: TableGuess) -> None:
    """Raises DataError where there is nothing to predict, or nothing to predict it from."""
    target = guess.target.column
    if target.kind in ("constant", "date"):
        what = f"the target would be {_describe_column(target)}, which is nothing to predict"
        raise DataError(f"{guess.shown}: {what}; {NAME_ANOTHER}")
    if not guess.features:
        others = [_describe_column(column) for column in guess.columns if column is not target]
        listed = f": {', '.join(others[:MAX_LISTED_COLUMNS])}" if others else ""
        what = f"beside the target {quote_entry(target.name)} no column can be learned from"
        raise DataError(f"{guess.shown}: {what}{listed}")
    labelled = guess.rows - target.missing
    if labelled < MIN_ROWS:
        rows = f"{format_count(labelled, 'row')} with a target"
        raise DataError(f"{guess.shown} has {rows}; at least {MIN_ROWS} are needed: one for each part")
    if guess.target.kind == "classes" and target.distinct > max(MAX_CODES, MAX_CLASS_SHARE * labelled):
        what = f"{format_count(target.distinct, 'class')} for {format_count(labelled, 'row')}"
        raise DataError(f"{guess.shown}: the target {quote_entry(target.name)} would have {what}; {NAME_ANOTHER}")


def _describe_column(column: ColumnGuess) -> str:
    """A column with what it is and why."""
    name = quote_entry(column.name) if column.name else "a column without a name"
    return f"{name} ({column.kind}: {column.reason})"
