"""What the targets in a .npz file mean: classes, values, or yes-or-no outputs.   M examples, O outputs"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.formats.npz.members import ArrayMember, format_names
from nnexp.errors import DataError
from nnexp.typing import AnyArray, IntArray

TargetKind: TypeAlias = Literal["auto", "classes", "values", "binary"]
TargetMeaning: TypeAlias = Literal["classes", "values", "binary"]

DTYPES_BY_MEANING: dict[TargetMeaning, str] = {"classes": "iuU", "values": "fiub", "binary": "biuf"}
"""The types that each meaning takes, by NumPy's letters."""

MEANING_BY_DTYPE: dict[str, TargetMeaning] = {
    "f": "values",
    "b": "binary",
    "i": "classes",
    "u": "classes",
    "U": "classes",
}
"""What targets mean where the spec does not say."""

DTYPE_WORDS = {"f": "floating-point numbers", "i": "integers", "u": "integers", "b": "booleans", "U": "texts"}


def find_meaning(y: ArrayMember, kind: TargetKind) -> TargetMeaning:
    """What targets of this type and shape mean. Raises DataError where they do not fit what is asked for."""
    if kind == "auto":
        if y.dtype.kind in "iu" and len(y.shape) != 1:
            raise DataError(
                f"{y} holds integers of shape {y.shape}: expected (M,) for classes; "
                "say kind: values or kind: binary if that is what they are"
            )
        found = MEANING_BY_DTYPE[y.dtype.kind]
    else:
        found = kind
    if y.dtype.kind not in DTYPES_BY_MEANING[found]:
        raise DataError(f"{y} holds {DTYPE_WORDS[y.dtype.kind]}, which are not {found}")
    most, wanted = (1, "(M,)") if found == "classes" else (2, "(M,) or (M, O)")
    if not 1 <= len(y.shape) <= most or 0 in y.shape[1:]:
        raise DataError(f"{y} has shape {y.shape}; expected {wanted} for {found}")
    return found


def find_class_names(parts: Sequence[ArrayMember], given: Sequence[str], own: ArrayMember | None) -> tuple[str, ...]:
    """The names of the classes: those given, those of the file's own list, or those that the labels speak of.

    Texts are in sorted order; integers are named by themselves. Raises DataError.
    """
    path = parts[0].path
    if given:
        return check_names(given, f"{path}: classes")
    if own:
        return check_names(_read_texts(own), str(own))
    if parts[0].dtype.kind == "U":
        return check_names(sorted(_find_texts(parts)), path)
    return check_names([str(label) for label in range(_find_max_label(parts) + 1)], path)


def _find_texts(parts: Sequence[ArrayMember]) -> set[str]:
    """The different texts."""
    found: set[str] = set()
    for y in parts:
        for _, block in y.read_blocks():
            found.update(np.unique(block).tolist())
    return found


def _read_texts(member: ArrayMember) -> list[str]:
    if member.dtype.kind != "U" or len(member.shape) != 1:
        what = f"{member.dtype} of shape {member.shape}"
        raise DataError(f"{member} holds {what}; expected the classes' names, texts (K,); or name them in the spec")
    texts: list[str] = []
    for _, block in member.read_blocks():
        texts += block.tolist()
    return texts


def _find_max_label(parts: Sequence[ArrayMember]) -> int:
    """The largest label. None may be negative, or as large as the number of examples; raises DataError."""
    examples, largest = sum(y.entry_count for y in parts), -1
    for y in parts:
        for start, block in y.read_blocks():
            least = int(block.argmin())
            if block[least] < 0:
                raise DataError(
                    f"{y}: {y.describe_place(start + least)}: the label is {block[least]}; labels count from 0"
                )
            position = int(block.argmax())
            label = int(block[position])
            # each class has room in memory, so that a single label must not ask for 10¹⁵ of them
            if label >= examples:
                raise DataError(
                    f"{y}: {y.describe_place(start + position)}: the label is {label}, and there are "
                    f"{examples} examples; "
                    "labels count from 0, and `classes` names classes that have no example"
                )
            largest = max(largest, label)
    return largest


def read_label_blocks(y: ArrayMember, names: Sequence[str]) -> Iterator[tuple[int, IntArray]]:
    """The number of each example's class, some at a time. Raises DataError where a label is none of the classes."""
    index: dict[Any, int] = {label: label for label in range(len(names))}
    wanted = f"0 to {len(names) - 1}"
    if y.dtype.kind == "U":
        index = dict(zip(names, range(len(names)), strict=True))
        wanted = f"one of {format_names(names)}"
    for start, block in y.read_blocks():
        different, which = np.unique(block, return_inverse=True)
        found = np.array([index.get(label, -1) for label in different.tolist()])[which]
        wrong = np.flatnonzero(found < 0)
        if len(wrong):
            place, label = y.describe_place(start + wrong[0]), block[wrong[0]].item()
            raise DataError(f"{y}: {place}: the label is {label!a}; expected {wanted}")
        yield start, found


def check_labels(y: ArrayMember, names: Sequence[str]) -> None:
    """Raise DataError where a label is none of the classes."""
    for _ in read_label_blocks(y, names):
        pass


def read_labels(y: ArrayMember, names: Sequence[str]) -> IntArray:
    """The number of each example's class (M,)."""
    found = np.empty(y.entry_count, np.int64)
    for start, block in read_label_blocks(y, names):
        found[start : start + len(block)] = block
    return found


def read_values(y: ArrayMember, *, binary: bool) -> AnyArray:
    """Numbers (M, O), finite; zeros and ones where they answer yes or no. Raises DataError."""
    found = read_numbers(y, np.empty(y.shape, np.float64))
    if binary:
        wrong = np.flatnonzero((found != 0) & (found != 1))
        if len(wrong):
            index = [int(i) for i in np.unravel_index(wrong[0], y.shape)]
            raise DataError(f"{y}: example {index[0]}: {found[tuple(index)]:g} is neither 0 nor 1")
    return found.reshape(len(found), -1)


def read_numbers(member: ArrayMember, out: AnyArray) -> AnyArray:
    """The entries of an array written into `out`, of its shape. Raises DataError where one is not finite."""
    flat = out.reshape(-1)  # a view of `out`
    if member.fortran:  # whose entries come in an order of their own
        flat = np.empty(member.entry_count, out.dtype)
    for start, block in member.read_blocks():
        check_finite(member, start, block)
        flat[start : start + len(block)] = block
    if member.fortran:
        out[...] = flat.reshape(member.shape, order="F")
    return out


def check_finite(member: ArrayMember, start: int, block: AnyArray) -> None:
    """Raise DataError where some entries of an array have one that is not finite."""
    if block.dtype.kind != "f":
        return
    finite = np.isfinite(block)
    if not finite.all():
        wrong = int(finite.argmin())
        raise DataError(f"{member}: {member.describe_place(start + wrong)}: {block[wrong]} is not a finite number")
