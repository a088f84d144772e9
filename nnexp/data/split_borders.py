"""Where a part ends whose examples belong together: equal times, or the members of a group.   n examples, G groups"""

from __future__ import annotations

import numpy as np

from nnexp.errors import DataError
from nnexp.typing import AnyArray, BoolArray, IntArray


def choose_last_times(order: AnyArray, size: int, later: int) -> BoolArray:
    """The last examples of an order (n,), about `size` of them: the border is where the order changes.

    Something is left for `later` parts.
    """
    chosen = np.zeros(len(order), np.bool_)
    if size >= len(order):
        return ~chosen
    if size:
        borders = np.flatnonzero(order[1:] != order[:-1]) + 1
        borders = borders[max(later - 1, 0) :]
        if not len(borders):
            raise DataError("too few different times for these parts: what has the same time is in one part")
        chosen[borders[np.abs(borders - (len(order) - size)).argmin()] :] = True
    return chosen


def choose_first_groups(counts: IntArray, size: int, later: int) -> BoolArray:
    """So many groups (G,) from the beginning that their examples are as near to `size` as can be.

    A part that is asked for has at least one group, and so have `later` parts.
    """
    reached = np.cumsum(counts)[: len(counts) - later]
    chosen = np.zeros(len(counts), np.bool_)
    if size:
        chosen[: int(np.abs(reached - size).argmin()) + 1] = True
    return chosen
