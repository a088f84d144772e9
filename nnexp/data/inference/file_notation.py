"""One notation of numbers and missing values for all columns of a file, as a spec has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from nnexp.data.formats.csv.csv_file import CsvFile, quote_entry
from nnexp.data.formats.csv.dialect import PLAIN_NUMBERS, NumberFormat
from nnexp.data.formats.csv.table import CsvTable
from nnexp.data.inference.columns import MAX_LEVELS, ColumnGuess
from nnexp.data.inference.notation import is_ambiguous_grouping

SAMPLE_ROWS = 500
"""Rows whose entries are looked at as they are written."""


def list_first_entries(file: CsvFile) -> dict[str, list[str]]:
    """The entries of the first rows by column, as they are written."""
    rows = [entries for _, entries in islice(file.read_rows(), SAMPLE_ROWS)]
    return {name: [row[place] for row in rows] for place, name in enumerate(file.names)}


def choose_number_format(
    columns: Sequence[ColumnGuess], target: str, entries: Mapping[str, Sequence[str]]
) -> NumberFormat:
    """The notation in which the target and most columns are numbers; of several, the one with a decimal comma."""
    numbers = [column for column in columns if column.kind not in ("text", "category", "date")]
    if all(column.numbers.is_plain for column in numbers):
        return PLAIN_NUMBERS
    symbols: dict[str, None] = {}
    for column in numbers:
        symbols |= dict.fromkeys(column.numbers.symbols)

    def count_columns(form: NumberFormat) -> tuple[bool, int]:
        """Whether a notation has the target, and how many columns."""
        fitting = [column.name for column in numbers if fits_notation(column, form, entries[column.name])]
        return target in fitting, len(fitting)

    # max takes the first of those that are equally good
    return max(_list_formats(numbers, tuple(symbols)), key=count_columns)


def _list_formats(numbers: Sequence[ColumnGuess], symbols: tuple[str, ...]) -> Iterator[NumberFormat]:
    found = dict.fromkeys(column.numbers.thousands for column in numbers)
    for decimal, usual in ((",", "."), (".", ",")):
        has_decimal = any(column.numbers.decimal == decimal for column in numbers)
        if has_decimal:
            for thousands in dict.fromkeys(["", *found, usual]):
                if thousands != decimal:
                    yield NumberFormat(decimal, thousands, symbols)


def fits_notation(column: ColumnGuess, form: NumberFormat, entries: Sequence[str]) -> bool:
    """Whether all numbers of a column, as they are written, are numbers in a notation."""
    for entry in entries:
        is_number = column.numbers.parse(entry) is not None
        if is_number and form.parse(entry) is None:
            return False
    return True


def mark_foreign_notation(column: ColumnGuess, table: CsvTable) -> ColumnGuess:
    """The column; not usable where its numbers are written otherwise than those of the file's other columns."""
    texts = table.texts.get(column.name)
    if texts is None or column.kind not in ("number", "yes/no", "identifier") or column.levels:
        return column
    parse = table.file.dialect.numbers.parse
    written = [word for word in texts.entries if column.numbers.parse(word) is not None]
    if all(parse(word) is not None for word in written):
        return column
    reason = f"numbers as {quote_entry(column.example)}, and the file's others are written otherwise"
    return replace(column, reason=reason, is_usable=False)


def mark_uncertain_groups(
    columns: Sequence[ColumnGuess], form: NumberFormat, entries: Mapping[str, Sequence[str]]
) -> list[ColumnGuess]:
    """The columns, of which those are unsure whose groups of digits may be decimals.

    They are decimals by themselves, as "1.234" beside "0,5", or nothing in the file tells: "1,234" and no other number.
    """
    numbers = [column for column in columns if column.kind == "number" and column.is_usable]
    written: list[str] = []
    for column in numbers:
        written += [entry for entry in entries[column.name] if form.parse(entry) is not None]
    is_ambiguous = is_ambiguous_grouping(written, form)
    found = []
    for column in columns:
        unsure = column.unsure
        if column in numbers:
            own = [entry for entry in entries[column.name] if form.parse(entry) is not None]
            has_groups = bool(form.thousands) and any(form.thousands in entry for entry in own)
            are_decimals = any(PLAIN_NUMBERS.parse(entry) not in (None, form.parse(entry)) for entry in own)
            unsure = "decimals" if are_decimals or (is_ambiguous and has_groups) else column.unsure
        found.append(replace(column, unsure=unsure))
    return found


def share_missing_signs(column: ColumnGuess, table: CsvTable, signs: Sequence[str | float]) -> ColumnGuess:
    """The column, with the signs of all others: what stands for a missing value in one does so in the whole file.

    A level that a spec lists stays a level; of many, of which the commonest are taken, it is lost.
    """
    lost = {sign for sign in signs if sign in column.levels}
    if len(column.levels) <= MAX_LEVELS or not lost:
        return column
    texts = table.texts[column.name]
    counts = dict(zip(texts.entries, texts.count_rows().tolist(), strict=True))
    missing = column.missing + sum(counts[str(word)] for word in lost)
    return replace(column, missing=missing, levels=tuple(level for level in column.levels if level not in lost))
