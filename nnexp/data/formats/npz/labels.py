"""Labels in arrays: numbers from wherever they count, texts, and one-hot rows.   M examples, K classes"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.dataset import Description
from nnexp.data.formats.npz.members import ArrayMember, format_names
from nnexp.data.formats.npz.numbers import check_numbers
from nnexp.errors import DataError
from nnexp.typing import IntArray
from nnexp.wording import format_count

Label: TypeAlias = str | int | float
"""What an array holds for a class."""


@dataclass(frozen=True, slots=True)
class ClassCoding:
    """The names of the classes, the label that arrays have for each, as a text, and what a user should know of it."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    note: str = ""

    @property
    def other_labels(self) -> tuple[str, ...]:
        """The labels, where they are not the names."""
        return () if self.labels == self.names else self.labels


def find_class_coding(parts: Sequence[ArrayMember], given: Sequence[str | int], own: ArrayMember | None) -> ClassCoding:
    """What the labels of all parts mean; `given` names the classes, or else `own`, the file's own list.

    Raises DataError.
    """
    first = parts[0]
    where = f"{first.path}: classes"
    names = tuple(map(str, given))
    if not names and own is not None:
        names, where = tuple(_read_texts(own)), str(own)
    if names:
        check_names(names, where)
    if has_columns(first):
        return _name_columns(first, names)
    if first.dtype.kind == "f":
        _check_whole(parts)
    found = find_distinct(parts)
    labels = tuple(map(format_label, found))
    if not names:
        note = "" if first.dtype.kind == "U" else _describe_numbers(first, found)
        return ClassCoding(check_names(labels, first.path), labels, note)
    if first.dtype.kind == "U" or set(labels) <= set(names):
        return ClassCoding(names, names)
    places = tuple(map(str, range(len(names))))
    if len(labels) == len(names) and set(labels) != set(places):
        pairs = ", ".join(f"{label} is {name}" for label, name in zip(labels, names, strict=True))
        return ClassCoding(names, labels, f"{first}: labels are named in their order: {pairs}")
    return ClassCoding(names, places)


def find_known_coding(y: ArrayMember, description: Description) -> ClassCoding:
    """What labels mean to a run of this description, which need not come from arrays: then they name classes or count.

    Labels are never put into an order here, as some may not come in this file.
    """
    names = description.classes
    if description.labels or has_columns(y):
        return ClassCoding(names, description.labels)
    is_named = y.dtype.kind == "U" or any(format_label(label) in names for label in find_distinct([y]))
    return ClassCoding(names, names if is_named else tuple(map(str, range(len(names)))))


def has_columns(y: ArrayMember) -> bool:
    """Whether there are several numbers for each example."""
    return y.entry_count > y.shape[0]


def _check_whole(parts: Sequence[ArrayMember]) -> None:
    """Raises DataError where a label is no whole number."""
    for y in parts:
        for start, block in y.read_blocks():
            check_numbers(y, start, block)
            wrong = np.flatnonzero(block != np.trunc(block))
            if len(wrong):
                place, label = y.describe_place(start + wrong[0]), block[wrong[0]]
                raise DataError(f"{y}: {place}: {label} is no whole number, and the labels of classes are")


def _name_columns(y: ArrayMember, names: tuple[str, ...]) -> ClassCoding:
    columns = y.shape[1]
    if names and len(names) != columns:
        raise DataError(f"{y} is one-hot of {columns} classes, and `classes` names {len(names)}")
    note = f"{y}: one-hot rows of shape {y.shape} are labels of {columns} classes"
    places = tuple(map(str, range(columns)))
    return ClassCoding(names or places, places, note)


def _describe_numbers(y: ArrayMember, found: Sequence[Label]) -> str:
    """What is told of labels that are not integers from 0."""
    count = len(found)
    texts = [format_label(label) for label in found]
    what = format_names(texts)
    numbers = [float(label) for label in found]
    if count > 2 and numbers == [numbers[0] + step for step in range(count)]:
        what = f"{texts[0]} to {texts[-1]}"
    if y.dtype.kind == "f":
        return f"{y}: floating-point numbers {what} are the labels of {format_count(count, 'class')}"
    if numbers == list(range(count)):
        return ""
    return f"{y}: labels {what} are {format_count(count, 'class')}"


def format_label(label: Label) -> str:
    """The name of the class with a label: that of a whole number has no point.

    >>> format_label(-1.0), format_label(3), format_label("cat")
    ('-1', '3', 'cat')
    """
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def find_distinct(parts: Sequence[ArrayMember]) -> list[Any]:
    """The different entries, in order."""
    found: set[Any] = set()
    for y in parts:
        for _, block in y.read_blocks():
            found.update(np.unique(block).tolist())
    return sorted(found)


def read_labels(y: ArrayMember, coding: ClassCoding) -> IntArray:
    """The number of each example's class (M,). Raises DataError where a label is none of the classes."""
    if has_columns(y):
        return _read_columns(y, len(coding.names))
    index = dict(zip(coding.labels, range(len(coding.labels)), strict=True))
    labels = np.empty(y.entry_count, np.int64)
    for start, block in y.read_blocks():
        different, which = np.unique(block, return_inverse=True)
        found = np.array([index.get(format_label(label), -1) for label in different.tolist()])[which]
        wrong = np.flatnonzero(found < 0)
        if len(wrong):
            place, label = y.describe_place(start + wrong[0]), block[wrong[0]].item()
            raise DataError(f"{y}: {place}: the label is {label!a}; expected {_describe_labels(coding)}")
        labels[start : start + len(block)] = found
    return labels


def _describe_labels(coding: ClassCoding) -> str:
    """The labels that there may be."""
    if coding.labels == tuple(map(str, range(len(coding.names)))):
        return f"0 to {len(coding.names) - 1}"
    return f"one of {format_names(coding.labels)}"


def _read_columns(y: ArrayMember, classes: int) -> IntArray:
    if y.shape[1] != classes:
        raise DataError(f"{y} has {y.shape[1]} columns; expected one for each of {classes} classes")
    labels = read_one_hot(y)
    if labels is None:
        row = int(np.flatnonzero(_count_ones(y)[0] != 1)[0])
        raise DataError(f"{y}: example {row} is not one-hot: expected a single 1 among zeros, the column of its class")
    return labels


def read_one_hot(y: ArrayMember) -> IntArray | None:
    """The column of the single 1 in each row (M,), or None where a row is not a 1 among zeros."""
    counts, columns = _count_ones(y)
    return columns if (counts == 1).all() else None


def _count_ones(y: ArrayMember) -> tuple[IntArray, IntArray]:
    """How many entries of each row are 1, and the column of one of them; -1 where an entry is neither 0 nor 1.

    It stops with the first entry that is neither.
    """
    rows, outputs = y.shape
    counts, columns = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    for start, block in y.read_blocks():
        positions = start + np.arange(len(block))
        # the first index runs fastest in Fortran's order
        row, column = (positions % rows, positions // rows) if y.fortran else np.divmod(positions, outputs)
        is_one, is_other = block == 1, (block != 0) & (block != 1)
        np.add.at(counts, row[is_one], 1)
        columns[row[is_one]] = column[is_one]
        if is_other.any():
            counts[row[is_other]] = -1
            break
    return counts, columns


def _read_texts(member: ArrayMember) -> list[str]:
    if member.dtype.kind != "U" or len(member.shape) != 1:
        what = f"{member.dtype} of shape {member.shape}"
        raise DataError(f"{member} holds {what}; expected the classes' names, texts (K,); or name them in the spec")
    texts: list[str] = []
    for _, block in member.read_blocks():
        texts += block.tolist()
    return texts
