"""Columns of a table as targets.   M rows, O outputs"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.formats.csv.advice import SPEC_KEY, find_first_text
from nnexp.data.formats.csv.csv_file import CsvFile, format_names, is_missing, parse_number, quote_entry
from nnexp.data.formats.csv.table import CsvTable
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.typing import Array, IntArray
from nnexp.wording import find_closest

YES_WORDS = frozenset({"1", "true", "yes"})
NO_WORDS = frozenset({"0", "false", "no"})


def find_kind(
    file: CsvFile, kind: Literal[Targets, "auto"], first: Mapping[str, str], listed: Sequence[str]
) -> Targets:
    """Which kind the targets are. Raises DataError where they cannot be of that kind."""
    if not first:
        raise file.make_error("needs a target, and the spec names none")
    if kind == "auto":
        return _infer_kind(file, first, listed)
    if kind == "classes" and len(first) > 1:
        raise file.make_error(f"has {len(first)} targets, and only one column can hold classes")
    if kind != "classes" and listed:
        raise file.make_error(f"has targets that are {kind}, so that no classes can be listed")
    return kind


def _infer_kind(file: CsvFile, first: Mapping[str, str], listed: Sequence[str]) -> Targets:
    """Which kind the entries of a first row are: numbers are values, and texts, or whatever is listed, are classes."""
    texts = [column for column, entry in first.items() if parse_number(entry) is None]
    if len(first) > 1 and (texts or listed):
        which = f", and {quote_entry(texts[0])} has texts" if texts else ""
        message = f"has {len(first)} targets{which}; only one column can hold classes"
        raise file.make_error(f"{message}, and several of yes or no are {SPEC_KEY}.kind=binary")
    return "classes" if texts or listed else "values"


def make_labels(
    table: CsvTable, column: str, listed: Sequence[str], *, mixed: bool
) -> tuple[IntArray, tuple[str, ...]]:
    """The class of each row (M,), and the names of the classes: those that are listed, or else all that there are.

    Numbers among texts are refused unless `mixed`.
    """
    words = table.words[column]
    # "NA" may be a class where the spec lists it, as the code of Namibia
    _check_present(table, column, [word for word in words.values if is_missing(word) and word not in listed])
    if listed:
        _check_listed(table, column, listed)
        classes = tuple(listed)
    else:
        classes = _sort_classes(table, column, words.values, mixed=mixed)
    classes = check_names(classes, f"{table.file.shown}: column {quote_entry(column)}")
    place = dict(zip(classes, range(len(classes)), strict=True))
    places = np.array([place[word] for word in words.values], np.int64)
    return places[words.which], classes


def _check_listed(table: CsvTable, column: str, listed: Sequence[str]) -> None:
    for word in table.words[column].values:
        if word not in listed:
            near = find_closest(word, listed)
            what = f"did you mean {quote_entry(near)}?" if near else f"they are {format_names(listed)}"
            raise _make_word_error(table, column, word, f"{quote_entry(word)} is none of the classes; {what}")


def make_values(table: CsvTable, columns: Sequence[str], *, sure: bool) -> Array:
    """The values of each row (M, O); where it is not `sure` that they are meant to be numbers, an error says so."""
    found = {column: table.texts[column] for column in columns if column in table.texts}
    if found:
        column, texts = find_first_text(found)
        what = f"{quote_entry(texts.first)} is not a number"
        if texts.numbers and not sure:
            what += f", as others are; where they name classes, say {SPEC_KEY}.kind=classes"
        raise table.file.make_error(what, texts.line, column)
    y = np.stack([table.numbers[column] for column in columns], axis=-1)
    if not np.isfinite(y).all():
        row, place = np.argwhere(~np.isfinite(y))[0].tolist()
        line, entries = table.file.read_row(row)
        column = columns[place]
        what = "the target is missing, {}" if isnan(y[row, place]) else "{} is not a finite number"
        raise table.file.make_error(what.format(quote_entry(entries[column])), line, column)
    return y


def make_binary(table: CsvTable, columns: Sequence[str]) -> Array:
    """1 for yes and 0 for no (M, O)."""
    return np.stack([_make_bits(table, column) for column in columns], axis=-1)


def _make_bits(table: CsvTable, column: str) -> Array:
    words = table.words[column]
    _check_present(table, column, [word for word in words.values if is_missing(word)])
    for word in words.values:
        if word.casefold() not in YES_WORDS | NO_WORDS:
            message = f"{quote_entry(word)} is neither yes nor no: 1, true or yes, and 0, false or no"
            raise _make_word_error(table, column, word, message)
    return np.array([float(word.casefold() in YES_WORDS) for word in words.values])[words.which]


def _sort_classes(table: CsvTable, column: str, found: Sequence[str], *, mixed: bool) -> tuple[str, ...]:
    """Classes in the order of their names; in that of their numbers where they are numbers."""
    numbers = {}
    for word in found:
        value = parse_number(word)
        if value is not None:
            numbers[word] = value
    if len(numbers) < len(found):
        if numbers and not mixed:
            [word, *_] = numbers
            message = f"{quote_entry(word)} is a number, and others are texts; where all name classes"
            raise _make_word_error(table, column, word, f"{message}, say {SPEC_KEY}.kind=classes")
        return tuple(sorted(found))
    by_number: dict[float, str] = {}
    for word, value in numbers.items():
        if value in by_number:  # as 1 and 1.0
            both = f"{quote_entry(word)} and {quote_entry(by_number[value])}"
            message = f"{both} are the same number, and would be two classes"
            raise _make_word_error(table, column, word, message)
        by_number[value] = word
    return tuple(word for _, word in sorted(by_number.items()))


def _check_present(table: CsvTable, column: str, missing: Sequence[str]) -> None:
    if missing:
        raise _make_word_error(table, column, missing[0], f"the target is missing, {quote_entry(missing[0])}")


def _make_word_error(table: CsvTable, column: str, word: str, what: str) -> DataError:
    """The error about a word, with the line of the first row that has it."""
    words = table.words[column]
    row = int((words.which == words.values.index(word)).argmax())
    return table.file.make_error(what, table.file.read_row(row)[0], column)
