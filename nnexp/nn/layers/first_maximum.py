"""The largest of several arrays, entry by entry, and which it was."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nnexp.typing import Array, IntArray


def find_first_maximum(arrays: Iterable[Array]) -> tuple[Array, IntArray]:
    """The largest entries, and the number of the array that has each; of equal ones the first. NaN is the largest."""
    first, *others = arrays
    largest, which = first.copy(), np.zeros(first.shape, np.int32)
    for number, array in enumerate(others, start=1):
        larger = (array > largest) | np.isnan(array)
        np.copyto(largest, array, where=larger)
        which[larger] = number
    return largest, which
