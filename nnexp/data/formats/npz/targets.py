"""What the targets in a .npz file mean: classes, values, or yes-or-no outputs.   M examples, O outputs"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.formats.npz.members import ArrayMember, format_names
from nnexp.errors import DataError
from nnexp.typing import AnyArray, IntArray

TargetKind: TypeAlias = Literal["auto", "classes", "values", "binary"]
TargetMeaning: TypeAlias = Literal["classes", "values", "binary"]

DTYPES_BY_MEANING: dict[TargetMeaning, str] = {"classes": "iuU", "values": "fiub", "binary": "biuf"}
"""The types that each meaning takes, by NumPy's letters."""

DTYPE_WORDS = {"f": "floating-point numbers", "i": "integers", "u": "integers", "b": "booleans", "U": "texts"}


def find_meaning(y: ArrayMember, kind: TargetKind) -> TargetMeaning:
    """What targets of this type and shape mean. Raises DataError where they do not fit what is asked for."""
    if kind == "auto":
        if y.dtype.kind in "iu" and len(y.shape) != 1:
            raise DataError(
                f"{y} holds integers of shape {y.shape}: expected (M,) for classes; "
                "say kind: values or kind: binary if that is what they are"
            )
        found: TargetMeaning = {"f": "values", "b": "binary"}.get(y.dtype.kind, "classes")  # type: ignore[assignment]
    else:
        found = kind
    if y.dtype.kind not in DTYPES_BY_MEANING[found]:
        raise DataError(f"{y} holds {DTYPE_WORDS[y.dtype.kind]}, which are not {found}")
    most = 1 if found == "classes" else 2
    if not 1 <= len(y.shape) <= most or 0 in y.shape[1:]:
        wanted = "(M,)" if found == "classes" else "(M,) or (M, O)"
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
        texts = {str(text) for y in parts for _, block in y.read_blocks() for text in np.unique(block)}
        return check_names(sorted(texts), path)
    return check_names([str(label) for label in range(_find_max_label(parts) + 1)], path)


def _read_texts(member: ArrayMember) -> list[str]:
    if member.dtype.kind != "U" or len(member.shape) != 1:
        what = f"{member.dtype} of shape {member.shape}"
        raise DataError(f"{member} holds {what}; expected the classes' names, texts (K,); or name them in the spec")
    return [str(text) for _, block in member.read_blocks() for text in block]


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
    index = {name: number for number, name in enumerate(names)}
    for start, block in y.read_blocks():
        known, which = np.unique(block, return_inverse=True)
        if y.dtype.kind == "U":
            found = np.array([index.get(str(text), -1) for text in known])[which]
        else:
            found = np.array([label if label < len(names) else -1 for label in known.tolist()])[which]
        wrong = np.flatnonzero(found < 0)
        if len(wrong):
            wanted = f"0 to {len(names) - 1}" if y.dtype.kind != "U" else f"one of {format_names(names)}"
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
    flat = np.empty(member.entry_count, out.dtype) if member.fortran else out.reshape(-1)
    for start, block in member.read_blocks():
        check_finite(member, start, block)
        flat[start : start + len(block)] = block
    if member.fortran:
        out[...] = flat.reshape(member.shape, order="F")
    return out


def check_finite(member: ArrayMember, start: int, block: AnyArray) -> None:
    """Raise DataError where some entries of an array have one that is not finite."""
    if block.dtype.kind == "f" and not (finite := np.isfinite(block)).all():
        wrong = int(finite.argmin())
        raise DataError(f"{member}: {member.describe_place(start + wrong)}: {block[wrong]} is not a finite number")
