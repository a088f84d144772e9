"""What kind the targets of an array are: classes, values, or yes and no.   M examples, O outputs

As with tables, training takes only what cannot be anything else; for the rest it names the lines to choose from.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from nnexp.data.formats.csv.overrides import format_override
from nnexp.data.formats.npz.labels import find_distinct, read_one_hot
from nnexp.data.formats.npz.members import ArrayMember
from nnexp.data.formats.npz.numbers import DTYPE_WORDS, check_numbers
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets

TargetKind: TypeAlias = Literal["auto", "classes", "values", "binary"]

KINDS_BY_DTYPE: dict[str, tuple[Targets, ...]] = {
    "U": ("classes",),
    "b": ("binary", "classes", "values"),
    "i": ("classes", "values", "binary"),
    "u": ("classes", "values", "binary"),
    "f": ("values", "classes", "binary"),
    "M": (),
}
"""What targets of each type may be, by NumPy's letters."""

MAX_CERTAIN_CLASSES = 20
"""So many different integers, or fewer, are classes without asking."""

MAX_CLASSES = 100
"""Of more different integers, values are as likely as classes."""

MIN_CLASS_EXAMPLES = 20
"""With fewer examples for each different integer, they may be values too."""


KIND_WORDS: dict[Targets, str] = {"classes": "classes", "values": "values", "binary": "answers of yes or no"}
"""What targets are, in a question."""


def find_target_kind(y: ArrayMember, kind: TargetKind) -> Targets:
    """The kind of targets: the one that is asked for, or the only one that they can be.

    Raises DataError where they cannot be what is asked for, or could be of several kinds, with the lines to paste.
    """
    if y.dtype.kind not in KINDS_BY_DTYPE or not KINDS_BY_DTYPE[y.dtype.kind]:
        raise DataError(f"{y} holds {DTYPE_WORDS[y.dtype.kind]}; expected numbers or texts")
    if kind != "auto" and kind not in KINDS_BY_DTYPE[y.dtype.kind]:
        raise DataError(f"{y} holds {DTYPE_WORDS[y.dtype.kind]}, which are not {kind}")
    if not 1 <= len(y.shape) <= 2 or 0 in y.shape[1:]:
        raise DataError(f"{y} has shape {y.shape}; expected (M,) or (M, O)")
    if kind == "auto":
        return _decide_kind_of_column(y) if y.entry_count == y.shape[0] else _decide_kind_of_columns(y)
    return kind


def _decide_kind_of_column(y: ArrayMember) -> Targets:
    """The kind of one number, or text, for each example."""
    if y.dtype.kind == "U":
        return "classes"
    if y.dtype.kind == "b":
        return "binary"
    if y.dtype.kind == "f":
        if _has_fractions(y):
            return "values"
        raise _make_question(y, "floating-point numbers that are all whole", "classes", "values")
    count = len(find_distinct([y]))
    if count <= MAX_CERTAIN_CLASSES:
        return "classes"
    if count <= MAX_CLASSES and y.entry_count >= MIN_CLASS_EXAMPLES * count:
        return "classes"
    raise _make_question(y, "integers", "classes", "values")


def _make_question(y: ArrayMember, what: str, *kinds: Targets) -> DataError:
    lines = " or ".join(format_override("kind", kind, source="npz") for kind in kinds)
    if len(y.shape) == 1:
        what += f", {len(find_distinct([y])):,} different ones"
    named = [KIND_WORDS[kind] for kind in kinds]
    return DataError(f"{y} holds {what}: are they {', or '.join(named)}? {lines}")


def _decide_kind_of_columns(y: ArrayMember) -> Targets:
    """The kind of several numbers for each example."""
    if y.dtype.kind == "U":
        raise DataError(f"{y} holds texts of shape {y.shape}; expected (M,) for classes")
    if read_one_hot(y) is not None:
        return "classes"
    if y.dtype.kind == "b":
        return "binary"
    if _is_zeros_and_ones(y):
        raise _make_question(y, f"0 and 1 of shape {y.shape}", "binary", "values")
    if y.dtype.kind == "f":
        return "values"
    raise _make_question(y, f"integers of shape {y.shape}, and classes are of shape (M,)", "values")


def _has_fractions(y: ArrayMember) -> bool:
    """Whether a number is not whole. Raises DataError where one is not finite."""
    for start, block in y.read_blocks():
        check_numbers(y, start, block)
        if (block != np.trunc(block)).any():
            return True
    return False


def _is_zeros_and_ones(y: ArrayMember) -> bool:
    return all(((block == 0) | (block == 1)).all() for _, block in y.read_blocks())
