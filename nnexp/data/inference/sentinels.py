"""Numbers that stand for a missing value: the least or largest of a column, more than once, far from all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.typing import Array

MIN_SENTINEL_ROWS = 2
"""How often a number comes that stands for a missing value."""

MIN_SENTINEL_DISTANCE = 1.0
"""How far such a number is from all others, in multiples of their range."""

MIN_OTHER_VALUES = 3
"""How many other values a column has, so that their range means something."""

USUAL_SENTINELS = (-1.0, -200.0)
"""Numbers that stand for a missing value beside those of nines: 99, -999, 9999."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A number that probably stands for a missing value: where, how often, and between what the others lie."""

    column: str
    value: float
    rows: int
    minimum: float
    maximum: float

    def __str__(self) -> str:
        others = f"all others lie between {self.minimum:.6g} and {self.maximum:.6g}"
        return f"{self.value:g} stands in {self.rows:,} rows of {quote_entry(self.column)}, and {others}"


def find_sentinels(columns: Mapping[str, Array], others: Sequence[Array] = ()) -> tuple[Sentinel, ...]:
    """The sentinels of some columns of numbers (M,), NaN where one is missing, that a whole file may have.

    A number that is an ordinary one in another column, or in one of the `others`, is none: there it would be lost.
    """
    found = find_suspects(columns)
    flagged = {(sentinel.column, sentinel.value) for sentinel in found}
    ordinary: set[float] = set()
    for sentinel in found:
        for name, values in columns.items():
            if (name, sentinel.value) not in flagged and (values == sentinel.value).any():
                ordinary.add(sentinel.value)
        if any((values == sentinel.value).any() for values in others):
            ordinary.add(sentinel.value)
    return tuple(sentinel for sentinel in found if sentinel.value not in ordinary)


def find_suspects(columns: Mapping[str, Array]) -> list[Sentinel]:
    """The sentinels of each column (M,) by itself."""
    found: list[Sentinel] = []
    for name, values in columns.items():
        found += _find_extremes(name, values)
    return found


def _find_extremes(name: str, values: Array) -> Iterator[Sentinel]:
    known = values[np.isfinite(values)]
    if not len(known):
        return
    for extreme in (float(known.min()), float(known.max())):
        if not is_sentinel_number(extreme):
            continue
        rest = known[known != extreme]
        count = len(known) - len(rest)
        if count < MIN_SENTINEL_ROWS or len(np.unique(rest)) < MIN_OTHER_VALUES:
            continue
        low, high = float(rest.min()), float(rest.max())
        if max(low - extreme, extreme - high) > MIN_SENTINEL_DISTANCE * (high - low):
            yield Sentinel(name, extreme, count, low, high)


def is_sentinel_number(value: float) -> bool:
    """Whether a number is one that people write for a missing value: -1, 99, -999, 9999, -200 and their like.

    >>> is_sentinel_number(-999.0), is_sentinel_number(99.9), is_sentinel_number(137.0)
    (True, True, False)
    """
    digits = f"{abs(value):.10g}".replace(".", "")
    return value in USUAL_SENTINELS or (len(digits) > 1 and set(digits) == {"9"})
