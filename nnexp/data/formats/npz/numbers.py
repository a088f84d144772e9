"""Numbers in arrays, as inputs and as targets.   M examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.formats.csv.overrides import format_override
from nnexp.data.formats.npz.members import ArrayMember
from nnexp.errors import DataError
from nnexp.typing import AnyArray

DTYPE_WORDS = {
    "f": "floating-point numbers",
    "i": "integers",
    "u": "integers",
    "b": "booleans",
    "U": "texts",
    "M": "dates",
}
"""What an array holds, by NumPy's letters."""


@dataclass(frozen=True, slots=True)
class MissingNumbers:
    """Which numbers of the inputs stand for a missing value besides NaN, and whether missing values may be there."""

    signs: tuple[int | float, ...] = ()
    may_be: bool = False

    def find_missing(self, block: AnyArray) -> AnyArray:
        """Which entries stand for a missing value, NaN aside."""
        signs = np.array(self.signs, np.float64)
        with np.errstate(all="ignore"):  # a sign that the type cannot hold is none of its numbers
            held = signs.astype(block.dtype)
        if block.dtype.kind != "f":
            held = held[held.astype(np.float64) == signs]
        return np.isin(block, held)


def read_values(y: ArrayMember, *, binary: bool) -> AnyArray:
    """Numbers (M, O), finite; zeros and ones where they answer yes or no. Raises DataError."""
    found = read_numbers(y, np.empty(y.shape, np.float64))
    if binary:
        wrong = np.flatnonzero((found != 0) & (found != 1))
        if len(wrong):
            index = [int(i) for i in np.unravel_index(wrong[0], y.shape)]
            raise DataError(f"{y}: example {index[0]}: {found[tuple(index)]:g} is neither 0 nor 1")
    return found.reshape(len(found), -1)


def read_numbers(member: ArrayMember, out: AnyArray, missing: MissingNumbers | None = None) -> AnyArray:
    """The entries of an array written into `out`, of its shape; NaN where one is missing. Raises DataError."""
    flat = out.reshape(-1)  # a view of `out`
    if member.fortran:  # whose entries come in an order of their own
        flat = np.empty(member.entry_count, out.dtype)
    for start, block in member.read_blocks():
        check_numbers(member, start, block, missing)
        part = flat[start : start + len(block)]
        part[...] = block
        if missing is not None and missing.signs:
            part[missing.find_missing(block)] = np.nan
    if member.fortran:
        out[...] = flat.reshape(member.shape, order="F")
    return out


def check_numbers(member: ArrayMember, start: int, block: AnyArray, missing: MissingNumbers | None = None) -> None:
    """Raise DataError where some entries of an array, from place `start` on, have one that cannot be used."""
    if missing is not None and missing.signs and not missing.may_be:
        found = missing.find_missing(block)
        if found.any():
            wrong = int(found.argmax())
            raise _make_number_error(member, start + wrong, f"{block[wrong]} stands for a missing value", may_fill=True)
    if block.dtype.kind != "f":
        return
    is_usable = np.isfinite(block)
    if missing is not None and missing.may_be:
        is_usable |= np.isnan(block)
    if not is_usable.all():
        wrong = int(is_usable.argmin())
        may_fill = missing is not None and bool(np.isnan(block[wrong]))
        raise _make_number_error(member, start + wrong, f"{block[wrong]} is not a finite number", may_fill=may_fill)


def _make_number_error(member: ArrayMember, position: int, what: str, *, may_fill: bool) -> DataError:
    remedy = f"; to fill in what is missing: {format_override('fill', 'median', source='npz')}" if may_fill else ""
    return DataError(f"{member}: {member.describe_place(position)}: {what}{remedy}")
