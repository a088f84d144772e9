"""What kind a target is: classes, values, or yes and no.   M rows

Training takes only what cannot be anything else; for the rest it names the lines to choose from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.dialect import PLAIN_NUMBERS, NumberFormat
from nnexp.data.formats.csv.overrides import SPEC_KEY, format_override
from nnexp.data.formats.csv.table import CsvTable
from nnexp.data.inference.columns import ColumnGuess, guess_column
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.typing import Array
from nnexp.wording import format_count

MAX_CLASSES_OF_NUMBERS = 10
"""Of more different whole numbers, values are the better guess."""

MIN_ROWS_PER_CLASS = 3
"""Of whole numbers that come less often, values are the better guess too."""


@dataclass(frozen=True, slots=True)
class TargetGuess:
    """What a target most likely is, why, and what else it may be ("" where nothing)."""

    column: ColumnGuess
    kind: Targets
    reason: str
    unsure: str = ""


def guess_target(column: ColumnGuess, values: Array) -> TargetGuess:
    """What a column is as a target; its numbers are `values` (M,), NaN where an entry is none."""
    known = values[~np.isnan(values)]
    if column.kind == "category" or (column.kind == "yes/no" and column.levels):
        return TargetGuess(column, "classes", format_count(column.distinct, "class"))
    if not len(known):
        return TargetGuess(column, "classes", column.reason, "no target at all: nearly every row has another text")
    if (known != np.round(known)).any():
        return TargetGuess(column, "values", "numbers with fractions")
    distinct = format_count(column.distinct, "different number")
    if column.distinct <= min(MAX_CLASSES_OF_NUMBERS, len(known) / MIN_ROWS_PER_CLASS):
        return TargetGuess(column, "classes", distinct, "values")
    return TargetGuess(column, "values", distinct, "classes")


def decide_target_kind(table: CsvTable, columns: Sequence[str]) -> Targets:
    """The kind of targets that a spec does not name, where they can be of one alone.

    Raises DataError that names the lines to choose from where they could be of another.
    """
    kinds = {column: _decide_kind(table, column, is_only=len(columns) == 1) for column in columns}
    texts = [column for column, kind in kinds.items() if kind == "classes"]
    if len(columns) > 1 and texts:
        message = f"has {len(columns)} targets, and {quote_entry(texts[0])} has texts; only one column can hold classes"
        raise table.file.make_error(f"{message}, and several of yes or no are {SPEC_KEY}.kind=binary")
    return kinds[columns[0]]


def _decide_kind(table: CsvTable, column: str, *, is_only: bool) -> Targets:
    words = table.words[column]
    dialect = table.file.dialect
    known = [word for word in words.entries if not dialect.is_missing(word)]
    numbers = [value for value in map(dialect.parse_number, known) if value is not None]
    if known and len(numbers) == len(known):
        if is_only and all(float(value).is_integer() for value in numbers):
            raise _make_whole_number_error(table, column, len(set(numbers)))
        return "values"
    guess = guess_column(column, words, is_first=False)
    if guess.kind == "number" and guess.signs:
        raise _make_missing_sign_error(table, guess)
    if numbers and guess.numbers.is_plain:  # some are numbers: told with its place where the labels are made
        return "classes"
    if guess.kind == "date":
        what = f"{quote_entry(guess.example)} is a date, which is no target"
        remedy = f"name each as a class: {format_override('kind', 'classes')}; or choose another target"
        raise table.make_error(f"{what}; {remedy}", words.find_row(guess.example), column)
    if not guess.numbers.is_plain:
        what = f"{quote_entry(guess.example)} looks like a number, and would be taken for the name of a class"
        notation = _format_notation(guess.numbers)
        values = [value for value in map(guess.numbers.parse, known) if value is not None]
        if all(value.is_integer() for value in values):  # which may be classes too
            notation = f"{notation} {format_override('kind', 'values')}"
        remedy = f"if it is a number: {notation}; if a name: {format_override('kind', 'classes')}"
        raise table.make_error(f"{what}; {remedy}", words.find_row(guess.example), column)
    if guess.kind in ("text", "identifier"):
        what = f"{format_count(guess.distinct, 'class')} for {format_count(guess.rows - guess.missing, 'row')}"
        remedy = f"choose another target, or if each is a class: {format_override('kind', 'classes')}"
        raise table.file.make_error(f"would have {what} in its target {quote_entry(column)}; {remedy}")
    return "classes"


def _make_whole_number_error(table: CsvTable, column: str, distinct: int) -> DataError:
    what = f"has whole numbers in its target {quote_entry(column)}, {distinct} different ones"
    classes, values = format_override("kind", "classes"), format_override("kind", "values")
    return table.file.make_error(f"{what}: are they classes, or values? {classes} or {values}")


def _make_missing_sign_error(table: CsvTable, guess: ColumnGuess) -> DataError:
    """The error about numbers among which a few entries are none."""
    [word, count], *_ = guess.signs
    signs = format_override("missing", [sign for sign, _ in guess.signs])
    what = f"{quote_entry(word)} stands {format_count(count, 'time')} among numbers"
    remedy = f"if it means that there is none: {signs} {format_override('without_target', 'drop')}"
    if not guess.numbers.is_plain:
        remedy = f"{remedy} {_format_notation(guess.numbers)}"
    row = table.words[guess.name].find_row(word)
    return table.make_error(
        f"{what}; {remedy}; if all are names: {format_override('kind', 'classes')}", row, guess.name
    )


def _format_notation(numbers: NumberFormat) -> str:
    """The overrides that say how numbers are written."""
    return " ".join(format_override(name, value) for name, value in list_notation(numbers).items())


def list_notation(numbers: NumberFormat) -> dict[str, object]:
    """The parameters of a spec that say how numbers are written, as far as they are not the usual ones."""
    given = {"decimal": numbers.decimal, "thousands": numbers.thousands, "symbols": list(numbers.symbols)}
    usual = {"decimal": PLAIN_NUMBERS.decimal, "thousands": PLAIN_NUMBERS.thousands, "symbols": []}
    return {name: value for name, value in given.items() if value != usual[name]}
