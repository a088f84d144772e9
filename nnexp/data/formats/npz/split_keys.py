"""Times and groups of examples, in an array of their own.   M examples"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.data.formats.npz.archives import Archive
from nnexp.data.formats.npz.members import ArrayMember
from nnexp.data.formats.npz.parts import ArrayPart, find_part_array
from nnexp.data.splits import Split
from nnexp.errors import DataError
from nnexp.typing import AnyArray


def read_split_key(archive: Archive, parts: Sequence[ArrayPart], split: Split) -> AnyArray | None:
    """The times, or groups, of all examples (M,), which the array of this name has; None where a split needs none.

    An own part that is used as such needs none. Raises DataError.
    """
    name = split.key_column
    if name is None:
        return None
    counts = {part.part: part.examples for part in parts}
    own = split.count_own_parts(counts.get("test", 0), counts.get("dev", 0))
    keys: list[AnyArray] = []
    for part in parts:
        found = name if part.part == "train" else find_part_array(archive, name, part.part)
        if found is None and part.part != "train" and own[part.part]:
            keys.append(np.repeat(keys[0][:1], part.examples))  # never looked at
            continue
        member = archive.find_member(found or f"{name}_{part.part}")
        if member.shape != (part.examples,):
            raise DataError(f"{member} has shape {member.shape}; expected ({part.examples},) to split by")
        keys.append(_read_times(member) if split.time else _read_entries(member))
    return np.concatenate(keys)


def _read_entries(member: ArrayMember) -> AnyArray:
    """The entries of an array of one axis (M,)."""
    return np.concatenate([block for _, block in member.read_blocks()])


def _read_times(member: ArrayMember) -> AnyArray:
    """A number for each example that grows with time: its number, or the seconds of its date."""
    entries = _read_entries(member)
    if member.dtype.kind == "U":
        try:
            entries = entries.astype("M8[s]")
        except ValueError:
            raise DataError(f"{member} holds texts that are no dates; write dates as 2024-12-31") from None
    if entries.dtype.kind == "M":
        if np.isnat(entries).any():
            raise DataError(f"{member}: example {int(np.isnat(entries).argmax())} has no date to split by")
        return entries.astype("M8[s]").astype(np.float64)
    if entries.dtype.kind == "f" and not np.isfinite(entries).all():
        raise DataError(f"{member}: example {int(np.isfinite(entries).argmin())} has no time to split by")
    return entries
