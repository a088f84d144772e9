"""Columns of a table as targets.   M rows, O outputs"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.formats.csv.csv_file import format_names, quote_entry
from nnexp.data.formats.csv.overrides import SPEC_KEY, format_override
from nnexp.data.formats.csv.table import CsvTable, TextColumn
from nnexp.typing import Array, BoolArray, IntArray
from nnexp.wording import find_closest, format_count

YES_WORDS = frozenset({"1", "true", "yes"})
NO_WORDS = frozenset({"0", "false", "no"})


def find_labelled_rows(table: CsvTable, columns: Sequence[str], listed: Sequence[str]) -> BoolArray:
    """Which rows have all their targets (M,); "NA" may be a class that is listed, as the code of Namibia."""
    labelled = np.ones(len(table), np.bool_)
    for column in columns:
        words = table.words[column]
        missing = [table.file.dialect.is_missing(word) and word not in listed for word in words.entries]
        labelled &= ~np.array(missing, np.bool_)[words.which]
    return labelled


def check_labelled(table: CsvTable, columns: Sequence[str], labelled: BoolArray) -> None:
    """Raises DataError where rows have no target."""
    count = int((~labelled).sum())
    if not count:
        return
    row = int(labelled.argmin())
    line, entries = table.file.read_row(row)
    dialect = table.file.dialect
    column = next((name for name in columns if dialect.is_missing(entries[name])), columns[0])
    more = f", as in {format_count(count - 1, 'more row')}" if count > 1 else ""
    what = f"the target is missing, {quote_entry(entries[column])}{more}"
    remedy = f"to leave such rows out: {format_override('without_target', 'drop')}"
    raise table.file.make_error(f"{what}; {remedy}", line, column)


def make_labels(
    table: CsvTable, column: str, listed: Sequence[str], *, mixed: bool
) -> tuple[IntArray, tuple[str, ...]]:
    """The class of each row (M,), -1 where it has none, and the names of the classes: those listed, or all there are.

    Numbers among texts are refused unless `mixed`.
    """
    words = table.words[column]
    is_missing = table.file.dialect.is_missing
    known = [word for word in words.entries if word in listed or not is_missing(word)]
    if listed:
        _check_listed(table, column, known, listed)
        classes = tuple(listed)
    else:
        classes = _sort_classes(table, column, known, mixed=mixed)
    classes = check_names(classes, f"{table.file.shown}: column {quote_entry(column)}")
    place = dict(zip(classes, range(len(classes)), strict=True))
    places = np.array([place.get(word, -1) for word in words.entries], np.int64)
    return places[words.which], classes


def _check_listed(table: CsvTable, column: str, known: Sequence[str], listed: Sequence[str]) -> None:
    for word in known:
        if word not in listed:
            near = find_closest(word, listed)
            what = f"did you mean {quote_entry(near)}?" if near else f"they are {format_names(listed)}"
            message = f"{quote_entry(word)} is none of the classes; {what}"
            raise table.make_error(message, table.words[column].find_row(word), column)


def make_values(table: CsvTable, columns: Sequence[str], *, sure: bool) -> Array:
    """The values of each row (M, O), NaN where one is missing; an error says where it is not `sure` that all are."""
    return np.stack([_make_numbers(table, column, sure=sure) for column in columns], axis=-1)


def _make_numbers(table: CsvTable, column: str, *, sure: bool) -> Array:
    words = table.words[column]
    numbers = []
    for word in words.entries:
        value = table.file.dialect.parse_number(word)
        if value is None:
            what = f"{quote_entry(word)} is not a number"
            if not sure:
                what += f", as others are; where they name classes, say {SPEC_KEY}.kind=classes"
            raise table.make_error(what, words.find_row(word), column)
        if not isnan(value) and not np.isfinite(value):
            raise table.make_error(f"{quote_entry(word)} is not a finite number", words.find_row(word), column)
        numbers.append(value)
    return np.array(numbers, np.float64)[words.which] + 0.0  # without negative zeros


def make_binary(table: CsvTable, columns: Sequence[str]) -> Array:
    """1 for yes and 0 for no (M, O); NaN where it is missing."""
    return np.stack([_make_bits(table, table.words[column], column) for column in columns], axis=-1)


def _make_bits(table: CsvTable, words: TextColumn, column: str) -> Array:
    bits = []
    for word in words.entries:
        if table.file.dialect.is_missing(word):
            bits.append(np.nan)
            continue
        if word.casefold() not in YES_WORDS | NO_WORDS:
            message = f"{quote_entry(word)} is neither yes nor no: 1, true or yes, and 0, false or no"
            raise table.make_error(message, words.find_row(word), column)
        bits.append(float(word.casefold() in YES_WORDS))
    return np.array(bits)[words.which]


def _sort_classes(table: CsvTable, column: str, found: Sequence[str], *, mixed: bool) -> tuple[str, ...]:
    """Classes in the order of their names; in that of their numbers where they are numbers."""
    numbers = {}
    for word in found:
        value = table.file.dialect.parse_number(word)
        if value is not None:
            numbers[word] = value
    if len(numbers) < len(found):
        if numbers and not mixed:
            [word, *_] = numbers
            message = f"{quote_entry(word)} is a number, and others are texts; where all name classes"
            row = table.words[column].find_row(word)
            raise table.make_error(f"{message}, say {SPEC_KEY}.kind=classes", row, column)
        return tuple(sorted(found))
    by_number: dict[float, str] = {}
    for word, value in numbers.items():
        if value in by_number:  # as 1 and 1.0
            both = f"{quote_entry(word)} and {quote_entry(by_number[value])}"
            message = f"{both} are the same number, and would be two classes"
            raise table.make_error(message, table.words[column].find_row(word), column)
        by_number[value] = word
    return tuple(word for _, word in sorted(by_number.items()))
