"""Why the columns of a table cannot be used as they are, with one line to paste that mends all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.dialect import NumberFormat
from nnexp.data.formats.csv.features import CategoryLevels, Features
from nnexp.data.formats.csv.overrides import format_override
from nnexp.data.formats.csv.table import CsvTable
from nnexp.data.inference.columns import MAX_LEVELS, ColumnGuess, guess_column
from nnexp.data.inference.file_notation import choose_number_format, fits_notation, list_first_entries
from nnexp.errors import DataError
from nnexp.nn.named import Named
from nnexp.typing import AnyArray, Array
from nnexp.wording import format_count

MAX_LISTED_COLUMNS = 6
"""How many columns a message lists."""


@dataclass(frozen=True, slots=True)
class TableSettings:
    """What a spec says already that the line to paste has to repeat."""

    targets: tuple[str, ...]
    features: tuple[str, ...]
    categorical: Named[CategoryLevels]
    drop: tuple[str, ...]
    identifiers: tuple[str, ...]
    missing: tuple[str | int | float, ...]
    fills: bool


def check_inputs(table: CsvTable, features: Features, settings: TableSettings) -> None:
    """Raises DataError where entries are no numbers, or missing, that tells it of every column at once."""
    texts = {name: table.texts[name] for name in features.number_columns if name in table.texts}
    gaps = {} if settings.fills else _count_gaps(table, features)
    if not texts and not gaps:
        return
    guesses = {name: guess_column(name, column, is_first=False) for name, column in texts.items()}
    slips = [name for name, guess in guesses.items() if _has_slips(guess, table)]
    sentences = [_describe_first(table, guesses, gaps, slips)]
    described = [_describe_column(guess) for guess in guesses.values()]
    described += [f"{quote_entry(name)} ({count} missing)" for name, count in gaps.items() if name not in texts]
    if len(described) > 1:
        listed = ", ".join(described[:MAX_LISTED_COLUMNS])
        more = f" and {len(described) - MAX_LISTED_COLUMNS} more" if len(described) > MAX_LISTED_COLUMNS else ""
        sentences.append(f"{format_count(len(described), 'column')} cannot be used as they are: {listed}{more}")
    remedy = _list_overrides(table, [guesses[name] for name in guesses if name not in slips], gaps, settings)
    if remedy:
        sentences.append(f"what mends {'it' if len(described) == 1 else 'them'}: {' '.join(remedy)}")
    raise _locate(table, guesses, gaps, slips, "; ".join(sentences))


def check_predicted_inputs(table: CsvTable, features: Features, *, fills: bool) -> None:
    """Raises DataError for the first entry of a file to predict for that is no number, or missing."""
    texts = {name: table.texts[name] for name in features.number_columns if name in table.texts}
    for name, column in texts.items():
        word = next(word for word in column.entries if table.file.dialect.parse_number(word) is None)
        raise table.make_error(f"{quote_entry(word)} is not a number", column.find_row(word), name)
    gaps = {} if fills else _count_gaps(table, features)
    if gaps:
        message = "the value is missing, {}; the run was trained without missing values"
        raise _locate_gap(table, next(iter(gaps)), message)


def _count_gaps(table: CsvTable, features: Features) -> dict[str, int]:
    """How many entries of each feature are missing, where some are."""
    found = {}
    for name in features.columns:
        count = int(_find_gaps(table, name, features).sum())
        if count:
            found[name] = count
    return found


def _find_gaps(table: CsvTable, name: str, features: Features | None = None) -> AnyArray:
    """Which entries of a column are missing (M,)."""
    numbers: Array | None = table.numbers.get(name)
    if numbers is not None:
        return np.isnan(numbers)
    column = table.texts.get(name) or table.words[name]
    levels = features.levels_of(name) if features and name in features.categories.names else ()
    missing = [table.file.dialect.is_missing(word) and word not in levels for word in column.entries]
    return np.array(missing, np.bool_)[column.which]


def _has_slips(guess: ColumnGuess, table: CsvTable) -> bool:
    """Whether a column has numbers, and a few entries that are none for no reason that could be named."""
    if guess.kind in ("number", "identifier", "date", "constant"):
        return False
    column = table.texts[guess.name]
    counts = column.count_rows()
    numbers = 0
    for word, times in zip(column.entries, counts.tolist(), strict=True):
        value = table.file.dialect.parse_number(word)
        if value is not None and not np.isnan(value):
            numbers += times
    return numbers > 0


def _describe_column(guess: ColumnGuess) -> str:
    """A column in a list, with what is in it."""
    name = quote_entry(guess.name)
    if guess.kind == "number" and guess.signs:
        return f"{name} ({', '.join(f'{quote_entry(word)} {count} times' for word, count in guess.signs)})"
    if guess.kind == "number":
        return f"{name} ({guess.reason})"
    return f"{name} ({guess.kind}: {guess.reason})"


def _describe_first(
    table: CsvTable, guesses: Mapping[str, ColumnGuess], gaps: Mapping[str, int], slips: Sequence[str]
) -> str:
    """What is wrong in the place that the message names."""
    name = _first_column(guesses, gaps, slips)
    if name not in guesses:
        others = gaps[name] - 1
        more = f", as in {format_count(others, 'more row')}" if others > 0 else ""
        return f"the value is missing, {{}}{more}"
    word = quote_entry(_first_text(table, name))
    if name in slips:
        return f"{word} is not a number"
    guess = guesses[name]
    if guess.kind == "number":
        meaning = "it may stand for a missing value" if guess.signs else guess.reason
        return f"{word} is not a number as the spec writes them; {meaning}"
    return f"{word} is a text, and inputs are numbers"


def _first_column(guesses: Mapping[str, ColumnGuess], gaps: Mapping[str, int], slips: Sequence[str]) -> str:
    """The column that a message begins with: a slip of the pen, or else the first."""
    return next(iter([*slips, *guesses, *gaps]))


def _first_text(table: CsvTable, name: str) -> str:
    """The first entry of a column that is no number."""
    return next(word for word in table.texts[name].entries if table.file.dialect.parse_number(word) is None)


def _locate(
    table: CsvTable, guesses: Mapping[str, ColumnGuess], gaps: Mapping[str, int], slips: Sequence[str], message: str
) -> DataError:
    name = _first_column(guesses, gaps, slips)
    if name not in guesses:
        return _locate_gap(table, name, message)
    return table.make_error(message, table.texts[name].find_row(_first_text(table, name)), name)


def _locate_gap(table: CsvTable, name: str, message: str) -> DataError:
    """The error about a missing value, whose entry takes the place of {} in the message."""
    line, entries = table.file.read_row(int(_find_gaps(table, name).argmax()))
    return table.file.make_error(message.replace("{}", quote_entry(entries[name]), 1), line, name)


def _list_overrides(
    table: CsvTable, guesses: Sequence[ColumnGuess], gaps: Mapping[str, int], settings: TableSettings
) -> list[str]:
    """What to add to the command, so that the columns can be used, or are left out."""
    form = _choose_notation(table, guesses, settings)
    foreign = _list_foreign_columns(table, guesses, form)
    left_out = [*foreign, *(name for name, count in gaps.items() if count == len(table))]
    has_gaps = any(count < len(table) for count in gaps.values())
    missing = list(settings.missing)
    categorical: dict[str, object] = {name: _write_levels(entry) for name, entry in settings.categorical.items()}
    identifiers = []
    for guess in guesses:
        missing += [word for word, _ in guess.signs if word not in missing]
        has_gaps = has_gaps or bool(guess.missing and guess.is_feature)
        if guess.kind == "identifier":
            identifiers.append(guess.name)
        elif not guess.is_feature:
            left_out.append(guess.name)
        elif guess.kind != "number" and guess.name not in foreign:
            categorical[guess.name] = sorted(guess.levels) if len(guess.levels) <= MAX_LEVELS else {"top": MAX_LEVELS}
    changes: dict[str, object] = _list_changed_notation(table.file.dialect.numbers, form)
    if missing != list(settings.missing):
        changes["missing"] = missing
    if has_gaps and not settings.fills:
        changes["fill"] = "median"
    if len(categorical) > len(settings.categorical.names):
        changes["categorical"] = categorical
    changes |= _leave_out(left_out, identifiers, settings)
    return [format_override(name, value) for name, value in changes.items()]


def _choose_notation(table: CsvTable, guesses: Sequence[ColumnGuess], settings: TableSettings) -> NumberFormat:
    """The notation in which the targets and most columns are numbers; that of the spec where it will do."""
    entries, present = list_first_entries(table.file), table.file.dialect.numbers
    numbers = [guess for guess in guesses if guess.kind == "number"]
    if all(fits_notation(guess, present, entries[guess.name]) for guess in numbers):
        return present
    columns = [*guesses, *(guess_column(name, values, is_first=False) for name, values in table.numbers.items())]
    columns += [guess_column(name, table.words[name], is_first=False) for name in settings.targets]
    return choose_number_format(columns, settings.targets[0], entries)


def _list_foreign_columns(table: CsvTable, guesses: Sequence[ColumnGuess], form: NumberFormat) -> list[str]:
    """The columns of numbers that are none in a notation."""
    entries = list_first_entries(table.file)
    columns = [guess for guess in guesses if guess.kind == "number"]
    if form != table.file.dialect.numbers:
        columns += [guess_column(name, values, is_first=False) for name, values in table.numbers.items()]
    return [column.name for column in columns if not fits_notation(column, form, entries[column.name])]


def _list_changed_notation(present: NumberFormat, form: NumberFormat) -> dict[str, object]:
    """The parameters of a notation that are not those of another."""
    before = {"decimal": present.decimal, "thousands": present.thousands, "symbols": list(present.symbols)}
    after = {"decimal": form.decimal, "thousands": form.thousands, "symbols": list(form.symbols)}
    return {name: value for name, value in after.items() if value != before[name]}


def _leave_out(columns: Sequence[str], identifiers: Sequence[str], settings: TableSettings) -> dict[str, object]:
    """What a spec says so that some columns are no features."""
    if settings.features:
        kept = [name for name in settings.features if name not in (*columns, *identifiers)]
        return {"features": kept} if len(kept) < len(settings.features) else {}
    changes: dict[str, object] = {}
    if columns:
        changes["drop"] = [*settings.drop, *columns]
    if identifiers:
        changes["id"] = [*settings.identifiers, *identifiers]
    return changes


def _write_levels(category: CategoryLevels) -> object:
    """The levels of a column as a spec has them."""
    levels = category.levels if category.levels == "auto" else list(category.levels)
    if category == CategoryLevels(category.levels):
        return levels
    given = {"levels": levels, "top": category.top, "ordinal": list(category.ordinal), "unseen": category.unseen}
    return {name: value for name, value in given.items() if value and value != "auto"}
