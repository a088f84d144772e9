"""What the columns of an unknown table are.   M rows"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import filterfalse, islice
from typing import Literal, TypeAlias

import numpy as np

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.dialect import MISSING_ENTRIES, PLAIN_NUMBERS, NumberFormat
from nnexp.data.formats.csv.table import TextColumn
from nnexp.data.inference.notation import (
    MISSING_MARKS,
    MISSING_WORDS,
    TIME_OF_DAY,
    find_date_notation,
    find_number_format,
    is_ambiguous_grouping,
    is_numeric,
    is_yes_no,
)
from nnexp.typing import Array
from nnexp.wording import format_count

ColumnKind: TypeAlias = Literal["number", "category", "yes/no", "date", "text", "identifier", "constant"]

MAX_CODES = 10
"""So many different whole numbers at most may be codes of categories as well as numbers."""

MIN_ROWS_PER_CODE = 10
"""How often a code of a category occurs at least, on average."""

MAX_LEVELS = 24
"""The levels that a category is written out with; of more, the commonest are taken."""

MAX_TEXT_SHARE = 0.5
"""A column of texts that has more different ones than this share of the rows is no category."""

MIN_IDENTIFIER_ROWS = 20
"""In a shorter table, numbers that are all different may be so by chance."""

MIN_NUMBER_SHARE = 0.8
"""The share of numbers among entries, some of them texts, of which the texts probably stand for missing values."""

MIN_LARGE_IDENTIFIER = 10_000
"""Whole numbers above it that are nearly all different, in the first column, are probably identifiers."""

MIN_LONG_NUMBER = 100_000
"""Whole numbers of so many digits that are nearly all different may be identifiers in any column."""

NEARLY_UNIQUE_SHARE = 0.9
"""The share of different entries from which on identifiers are told from counts and codes."""

MIN_REPEATED_SHARE = 0.02
"""The share of different entries of a column called id, below which it is rather a code of a few categories."""

MIN_KNOWN_ROWS = 5
"""A column with fewer entries and more gaps may have none in the training part, from which gaps are filled."""

MAX_TIMES_OF_DAY = 48
"""So many different times of day, such as the hours, are levels of a category."""

IDENTIFIER_NAMES = frozenset(
    {"", "id", "idx", "index", "key", "no", "nr", "number", "row", "rownames", "rowid", "uuid", "guid", "unnamed: 0"}
)
"""Names of columns that number the rows."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column is, why, and what may be otherwise.

    unsure: what else it may be, or "". missing: how many entries are missing; signs: those that stand for it beside the
    usual ones, with their counts. levels: the different entries of a category, the commonest first. example: an entry.
    is_usable: False for numbers in another notation than that of the file, and where nearly all entries are missing.
    """

    name: str
    kind: ColumnKind
    reason: str
    rows: int
    distinct: int
    missing: int = 0
    signs: tuple[tuple[str, int], ...] = ()
    numbers: NumberFormat = PLAIN_NUMBERS
    levels: tuple[str, ...] = ()
    unsure: str = ""
    example: str = ""
    date_notation: str = ""
    is_usable: bool = True

    @property
    def is_feature(self) -> bool:
        """Whether a network can learn from the column."""
        return self.is_usable and self.kind in ("number", "category", "yes/no")


def guess_column(name: str, column: Array | TextColumn, *, is_first: bool) -> ColumnGuess:
    """What a column is: numbers (M,) with NaN where one is missing, or texts of any kind."""
    if isinstance(column, TextColumn):
        guess = _guess_texts(name, column, is_first=is_first)
    else:
        guess = _guess_numbers(name, column, is_first=is_first)
    known = guess.rows - guess.missing
    if guess.is_feature and known < MIN_KNOWN_ROWS and guess.missing > known:
        return replace(guess, reason=f"all but {known} of {guess.rows:,} entries are missing", is_usable=False)
    return guess


def _guess_numbers(
    name: str,
    values: Array,
    *,
    is_first: bool,
    form: NumberFormat = PLAIN_NUMBERS,
    signs: tuple[tuple[str, int], ...] = (),
    example: str = "",
) -> ColumnGuess:
    """What numbers are: a number each, codes of categories, or what tells rows apart."""
    known = values[~np.isnan(values)]
    different = np.unique(known)
    example = example or (f"{known[0]:.15g}" if len(known) else "")
    guess = ColumnGuess(
        name, "number", "", len(values), len(different), len(values) - len(known), signs, form, example=example
    )
    if len(different) < 2:
        what = "every entry is missing" if not len(different) else f"every entry is {different[0]:.15g}"
        return replace(guess, kind="constant", reason=what)
    is_whole = bool((known == np.round(known)).all())
    if is_whole:
        reason, unsure = _find_identifier(name, known, different, is_first=is_first)
        if reason:
            return replace(guess, kind="identifier", reason=reason, unsure=unsure)
    if different.tolist() == [0, 1]:
        return replace(guess, kind="yes/no", reason="0 and 1")
    guess = replace(guess, reason=f"{different[0]:.6g} to {different[-1]:.6g}")
    if is_whole and different[0] >= MIN_LONG_NUMBER and len(different) > NEARLY_UNIQUE_SHARE * len(known):
        return replace(guess, unsure="identifier")
    if is_whole and len(different) <= MAX_CODES and len(known) >= MIN_ROWS_PER_CODE * len(different):
        return replace(guess, unsure="category", levels=tuple(f"{value:.15g}" for value in different))
    return guess


def _find_identifier(name: str, known: Array, different: Array, *, is_first: bool) -> tuple[str, str]:
    """Why whole numbers tell rows apart, and what else they may be; "" where they do not."""
    count = len(known)
    if count < MIN_IDENTIFIER_ROWS:
        return "", ""
    is_named = _is_identifier_name(name)
    is_counting = len(different) == count and bool((np.abs(np.diff(known)) == 1).all())
    is_nearly_unique = len(different) > NEARLY_UNIQUE_SHARE * count
    if is_counting:
        return "it numbers the rows", "" if is_named or is_first else "number"
    if is_named and len(different) == count:
        return "a different number in each row", ""
    if is_nearly_unique and (is_named or (is_first and different[-1] >= MIN_LARGE_IDENTIFIER)):
        return "a large number that hardly ever comes again", "number"
    if is_named and len(different) > max(MAX_CODES, MIN_REPEATED_SHARE * count):
        return "its numbers come again: rows with the same one belong together", "number"
    return "", ""


def _is_identifier_name(name: str) -> bool:
    """Whether a name says that a column tells rows apart, as id and customer_id do."""
    if name.casefold() in IDENTIFIER_NAMES or name.endswith("ID"):
        return True
    words = re.split(r"[^a-z0-9]+", name.casefold())
    return "id" in (words[0], words[-1])


def _guess_texts(name: str, column: TextColumn, *, is_first: bool) -> ColumnGuess:
    """What texts are, or numbers that a program does not take for such."""
    counts = dict(zip(column.entries, column.count_rows().tolist(), strict=True))
    usual = [word for word in counts if word.casefold() in MISSING_ENTRIES]
    known = [word for word in counts if word.casefold() not in MISSING_ENTRIES]
    texts, signs = _find_missing_signs(known, counts)
    form = find_number_format(texts) if texts else None
    if form is not None:
        guess = _guess_written_numbers(name, column, texts, form, is_first=is_first)
        signs = [word for word in signs if form.parse(word) is None]
        return replace(guess, signs=tuple((word, counts[word]) for word in signs))
    missing = sum(counts[word] for word in [*usual, *signs])
    return _guess_words(name, {word: counts[word] for word in texts}, missing, [(w, counts[w]) for w in signs])


def _find_missing_signs(known: Sequence[str], counts: dict[str, int]) -> tuple[list[str], list[str]]:
    """The entries of a column that mean something, and those that stand for a missing value."""
    marks, others = _separate(known, MISSING_MARKS)
    if "-" in marks and "+" in others:  # positive and negative
        marks.remove("-")
        others = [word for word in known if word not in marks]
    words, numbers = _separate(others, MISSING_WORDS)
    if words and numbers and find_number_format(numbers) is not None:
        return numbers, [*marks, *words]
    if marks:
        return others, marks
    # a single text among numbers is no number; whether it stands for a missing value, a person has to say
    texts = list(islice(filterfalse(is_numeric, known), 2))
    rows = sum(counts[word] for word in known)
    if len(texts) == 1 and len(known) > MAX_CODES and counts[texts[0]] <= (1 - MIN_NUMBER_SHARE) * rows:
        return [word for word in known if word != texts[0]], texts
    return list(known), []


def _separate(known: Sequence[str], words: Collection[str]) -> tuple[list[str], list[str]]:
    """The entries that are among some words, in capitals or not, and all others."""
    among: list[str] = []
    others: list[str] = []
    for entry in known:
        (among if entry.casefold() in words else others).append(entry)
    return among, others


def _guess_written_numbers(
    name: str, column: TextColumn, texts: Sequence[str], form: NumberFormat, *, is_first: bool
) -> ColumnGuess:
    """What numbers in a notation of their own are."""
    wanted = frozenset(texts)
    values = np.array([form.parse(word) if word in wanted else np.nan for word in column.entries], np.float64)
    # an entry that shows how these numbers are written
    example = next((word for word in texts if PLAIN_NUMBERS.parse(word) is None), texts[0])
    guess = _guess_numbers(name, values[column.which], is_first=is_first, form=form, example=example)
    notation = find_date_notation(texts)
    if form.is_plain:
        return guess
    if notation:  # 31.05.2024 is no number with groups
        return replace(guess, kind="date", reason=f"dates as {notation}", numbers=PLAIN_NUMBERS, date_notation=notation)
    unsure = guess.unsure
    if is_ambiguous_grouping(texts, form):
        unsure = "decimals"
    return replace(guess, reason=f"numbers as {quote_entry(example)}", unsure=unsure)


def _guess_words(name: str, counts: dict[str, int], missing: int, signs: Sequence[tuple[str, int]]) -> ColumnGuess:
    """What words are: a category, yes and no, dates, free text, or what tells rows apart."""
    known, distinct = sum(counts.values()), len(counts)
    levels = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    example = next(iter(counts), "")
    guess = ColumnGuess(name, "category", "", known + missing, distinct, missing, tuple(signs), example=example)
    if distinct < 2:
        what = f"every entry is {quote_entry(levels[0])}" if levels else "every entry is missing"
        return replace(guess, kind="constant", reason=what)
    notation = find_date_notation(list(counts))
    is_time_of_day = notation == TIME_OF_DAY and distinct <= MAX_TIMES_OF_DAY
    if notation and not is_time_of_day:
        return replace(guess, kind="date", reason=f"dates as {notation}", date_notation=notation)
    if is_yes_no(levels):
        return replace(guess, kind="yes/no", reason=" and ".join(sorted(levels)), levels=levels)
    has_sentences = sum(" " in word for word in counts) > distinct / 2
    is_unique = distinct == known and known >= MIN_IDENTIFIER_ROWS
    if is_unique and (not has_sentences or _is_identifier_name(name)):
        return replace(guess, kind="identifier", reason="different in each row")
    if distinct > max(MAX_LEVELS, MAX_TEXT_SHARE * known) or (distinct == known and distinct > MAX_CODES):
        reason = f"{format_count(distinct, 'different text')} in {format_count(known, 'row')}"
        return replace(guess, kind="text", reason=reason, unsure="" if has_sentences else "category")
    unsure = "text" if distinct > MAX_LEVELS else ""
    return replace(guess, reason=format_count(distinct, "level"), levels=levels, unsure=unsure)
