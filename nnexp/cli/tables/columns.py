"""The columns of an unknown table, and remarks on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nnexp.cli.console import err, fit_table, shorten_escaped
from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.wording import format_thousands

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.data.inference.remarks import Remark
    from nnexp.data.inference.table import TableGuess

MAX_REMARKS = 12
"""How many remarks are printed; a table of hundreds of columns may have hundreds."""

MAX_CELL_CHARACTERS = 32
"""Characters of a name or an example."""


def list_table_lines(guess: TableGuess) -> Iterator[str]:
    """How a file is written, and what there is to predict."""
    dialect = guess.dialect.dialect
    names = "a line of names" if dialect.header else "no line of names"
    yield f"{guess.shown}: {guess.rows:,} rows, separator {dialect.separator!r}, {dialect.encoding}, {names}"
    if not dialect.numbers.is_plain:
        words = [f"decimal {dialect.numbers.decimal!r}"]
        if dialect.numbers.thousands:
            words.append(f"thousands {dialect.numbers.thousands!r}")
        if dialect.numbers.symbols:
            words.append(f"symbols {' '.join(dialect.numbers.symbols)}")
        yield f"numbers: {', '.join(words)}"
    if guess.missing_signs:
        signs = [quote_entry(sign) if isinstance(sign, str) else f"{sign:g}" for sign in guess.missing_signs]
        yield f"missing: {', '.join(signs)}, beside empty entries, NA, NaN and null"
    target = guess.target
    doubt = f"; it may be {target.unsure}" if target.unsure else ""
    yield f"target: {target.column.name} ({guess.target_reason}), {target.kind}: {target.reason}{doubt}"
    if guess.time is not None:
        yield f"split: in the order of {guess.time}"
    if guess.group is not None:
        yield f"split: all rows of one {guess.group} are in the same part"


def render_columns(guess: TableGuess, width: int) -> Table:
    """A row for each column: what it is, and why."""
    columns: dict[str, list[str]] = {"column": [], "kind": [], "or": [], "why": [], "missing": [], "example": []}
    for column in guess.columns:
        columns["column"].append(shorten_escaped(column.name or "(no name)", MAX_CELL_CHARACTERS))
        columns["kind"].append(column.kind)
        columns["or"].append(column.unsure)
        columns["why"].append(shorten_escaped(column.reason, 2 * MAX_CELL_CHARACTERS))
        columns["missing"].append(format_thousands(column.missing) if column.missing else "")
        columns["example"].append(shorten_escaped(column.example, MAX_CELL_CHARACTERS))
    shown = fit_table(columns, ("example", "why"), width)
    for shown_column in shown.columns:
        if shown_column.header != "missing":
            shown_column.justify = "left"
    return shown


def print_remarks(remarks: Sequence[Remark]) -> None:
    """The remarks on a table, the gravest first."""
    for remark in remarks[:MAX_REMARKS]:
        err.print(f"! {remark.what}", markup=False)
    if len(remarks) > MAX_REMARKS:
        err.print(f"! and {len(remarks) - MAX_REMARKS} more remarks: --json has all", markup=False)
