"""What a person should know of a table before a network learns from it.   M rows, I inputs"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.inference.sentinels import Sentinel, find_suspects
from nnexp.typing import AnyArray, Array, IntArray
from nnexp.wording import format_count

MAX_ENTRIES = 2 * 10**7
"""A larger set is not looked through before training: it would take more than a few seconds."""

MIN_EXPLAINED = 0.9999
"""The squared correlation with the target from which on an input gives the target away."""

MAX_DISTANCE = 25.0
"""How far from the middle a number is an outlier, in multiples of the distance between the quartiles."""

MIN_CLASS_ROWS = 5
"""A class of fewer rows can hardly be learned and judged."""

MAX_CODES = 100
"""So many different entries at most may be codes of classes."""

MIN_CODE_ROWS = 5
"""How many rows such an entry has on average; one that comes once says nothing about the target."""

HASH_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without a pattern: 2⁶⁴ divided by the golden ratio."""

SAMPLE_ROWS = 1000
"""Rows that are looked at first."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a set, and the input that it is about ("" where it is about rows or classes).

    is_grave: what a network learns may be worth nothing, so that training says it too.
    """

    what: str
    input_name: str = ""
    is_grave: bool = False


def find_remarks(data: Dataset) -> list[Remark]:
    """All remarks on a set of plain inputs (M, I), the gravest first; none on images."""
    if data.x.ndim != 2 or data.x.dtype.kind not in "fiu" or data.x.size > MAX_ENTRIES:
        return []
    x = data.x.astype(np.float64, copy=False)
    names = data.description.inputs or tuple(f"x{number}" for number in range(1, x.shape[1] + 1))
    remarks = list(_find_leaks(x, data, names))
    columns = dict(zip(names, x.T, strict=True))
    sentinels = find_suspects(columns)
    remarks += _list_sentinel_remarks(sentinels)
    for sentinel in sentinels:  # told once, and no outlier
        columns[sentinel.column] = np.where(
            columns[sentinel.column] == sentinel.value, np.nan, columns[sentinel.column]
        )
    remarks += _find_target_outliers(data)
    remarks += _find_equal_rows(x, data.y)
    remarks += _find_rare_classes(data)
    remarks += _find_outliers(columns)
    remarks += _find_constants(columns)
    return remarks


def _list_sentinel_remarks(sentinels: Sequence[Sentinel]) -> Iterator[Remark]:
    for sentinel in sentinels:
        yield Remark(f"{sentinel}: does it stand for a missing value?", sentinel.column, is_grave=True)


def _find_leaks(x: Array, data: Dataset, names: tuple[str, ...]) -> Iterator[Remark]:
    """Inputs, and columns of categories, that alone determine the target."""
    for name, column in _list_columns(x, names):
        known = np.isfinite(column)
        if data.labels is not None:
            is_leak = _determines(column[known], data.labels[known])
        else:
            is_leak = data.y.shape[-1] == 1 and _explains(column[known], data.y[known, 0])
        if is_leak:
            what = f"{quote_entry(name)} alone determines the target"
            yield Remark(f"{what}: where it is not known before the target is, drop it", name, is_grave=True)


def _list_columns(x: Array, names: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """Every input by itself, and the levels of every category together, as numbers from 0; -1 where there is none."""
    levels: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        yield name, x[:, place]
        column, separator, _ = name.partition("=")
        if separator:
            levels.setdefault(column, []).append(place)
    for column, places in levels.items():
        chosen = x[:, places]
        is_one_hot = ((chosen == 0) | (chosen == 1) | np.isnan(chosen)).all()
        if len(places) > 1 and is_one_hot:
            codes = np.where(chosen.any(axis=-1), chosen.argmax(axis=-1), -1).astype(np.float64)
            yield column, np.where(np.isnan(chosen).any(axis=-1), np.nan, codes)


def _determines(column: Array, labels: IntArray) -> bool:
    """Whether the entries of a column tell the class, and not by chance."""
    rows_by_class = np.sort(np.bincount(labels))[::-1]
    if len(rows_by_class) < 2 or rows_by_class[1] < MIN_CLASS_ROWS:
        return False
    return _separates(column, labels) or _are_codes_of_classes(column, labels)


def _are_codes_of_classes(column: Array, labels: IntArray) -> bool:
    """Whether a column has a few different entries, each in rows of one class alone."""
    # most columns fail on a few rows already
    if len(column) > SAMPLE_ROWS and not _has_class_for_each_code(column[:SAMPLE_ROWS], labels[:SAMPLE_ROWS]):
        return False
    return _has_class_for_each_code(column, labels)


def _has_class_for_each_code(column: Array, labels: IntArray) -> bool:
    codes, which = np.unique(column, return_inverse=True)
    if len(codes) > min(MAX_CODES, len(column) / MIN_CODE_ROWS):
        return False
    pairs = np.unique(which * (labels.max() + 1) + labels)
    return len(pairs) == len(codes)


def _separates(column: Array, labels: IntArray) -> bool:
    """Whether a column falls into intervals of one class each, no more of them than there are classes."""
    # most columns fail on a few rows already, which spares sorting all of them
    if len(column) > SAMPLE_ROWS and not _separates(column[:SAMPLE_ROWS], labels[:SAMPLE_ROWS]):
        return len(np.unique(labels[:SAMPLE_ROWS])) < 2 and _separates_all(column, labels)
    return _separates_all(column, labels)


def _separates_all(column: Array, labels: IntArray) -> bool:
    classes = len(np.unique(labels))
    if classes < 2:
        return False
    order = np.lexsort((labels, column))
    column, labels = column[order], labels[order]
    is_tie = column[1:] == column[:-1]
    changes = labels[1:] != labels[:-1]
    return not (is_tie & changes).any() and int(changes.sum()) == classes - 1


def _explains(column: Array, y: Array) -> bool:
    """Whether the values are a linear function of a column, but for rounding."""
    if len(column) < 3 or np.ptp(column) == 0 or np.ptp(y) == 0:
        return False
    return float(np.corrcoef(column, y)[0, 1]) ** 2 > MIN_EXPLAINED


def _find_target_outliers(data: Dataset) -> Iterator[Remark]:
    if data.description.targets != "values":
        return
    for name, column in zip(data.description.classes, data.y.T, strict=True):
        found = _describe_outliers(column)
        if found:
            yield Remark(f"the target {quote_entry(name)} has {found}", is_grave=True)


def _find_outliers(columns: dict[str, Array]) -> Iterator[Remark]:
    for name, column in columns.items():
        found = _describe_outliers(column)
        if found:
            yield Remark(f"{quote_entry(name)} has {found}", name)


def _describe_outliers(column: AnyArray) -> str:
    """The numbers of a column that lie far from all others; empty where there are none."""
    known = column[np.isfinite(column)]
    if len(known) < MIN_CLASS_ROWS:
        return ""
    low, middle, high = np.percentile(known, [25, 50, 75])
    distance = np.abs(known - middle)
    far = distance > MAX_DISTANCE * (high - low)
    count = int(far.sum())
    # where most rows have the same number, every other one is far from it
    if low == high or not count:
        return ""
    worst = float(known[distance.argmax()])
    noun = "a value" if count == 1 else f"{count:,} values"
    return f"{noun} far from the others, such as {worst:.6g} (half of all lie between {low:.6g} and {high:.6g})"


def _find_equal_rows(x: Array, y: AnyArray) -> Iterator[Remark]:
    rows = np.ascontiguousarray(np.column_stack([x, y]), np.float64)
    candidates = _find_equal_hashes(rows)
    whole = rows[candidates].view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, counts = np.unique(whole, return_index=True, return_counts=True)
    repeated = int((counts - 1).sum())
    if repeated:
        row = int(candidates[first[counts.argmax()]]) + 1
        verb = "repeats" if repeated == 1 else "repeat"
        example = f"row {row} comes {counts.max()} times"
        what = f"{format_count(repeated, 'row')} {verb} another one in all that is used of it ({example})"
        yield Remark(f"{what}: equal rows in several parts make a test too easy")


def _find_equal_hashes(rows: Array) -> IntArray:
    """The rows that may be equal to another one, by a hash: sorting whole rows takes much longer."""
    bits = rows.view(np.uint64)
    hashes = np.zeros(len(rows), np.uint64)
    with np.errstate(over="ignore"):
        for column in bits.T:
            # the upper half of the bits has most of what tells numbers apart, and a product keeps the lower half
            hashes = (hashes ^ column ^ (column >> np.uint64(32))) * HASH_MULTIPLIER
    _, which, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.flatnonzero(counts[which] > 1)


def _find_rare_classes(data: Dataset) -> Iterator[Remark]:
    if data.labels is None:
        return
    counts = np.bincount(data.labels, minlength=len(data.description.classes))
    for name, count in zip(data.description.classes, counts.tolist(), strict=True):
        if count < MIN_CLASS_ROWS:
            yield Remark(f"the class {quote_entry(name)} has {format_count(count, 'example')}")


def _find_constants(columns: dict[str, Array]) -> Iterator[Remark]:
    for name, column in columns.items():
        known = column[np.isfinite(column)]
        if not len(known):
            yield Remark(f"{quote_entry(name)} has no value at all", name)
        elif known.min() == known.max():
            yield Remark(f"{quote_entry(name)} is the same in every row, {known[0]:.6g}: it tells nothing", name)
