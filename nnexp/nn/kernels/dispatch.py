"""The choice between a kernel's two versions.

Both give the same bits, so the choice is one of time alone, and may change in the middle of a run: the compiled version
is used where it is installed and there has been enough work to repay its import.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import numpy as np

from nnexp.nn.kernels import reference
from nnexp.typing import Array

MIN_COMPILED_ENTRIES = 300_000_000
"""Array entries that NumPy updates before Numba takes over.

So much work takes NumPy longer by about the time that importing Numba costs, half a second. A short run never waits for
the import, and no run, short or long, loses more than that half second to the better choice.
"""

CACHED_ENTRIES = 2**17
"""Entries of an array that are updated at once by NumPy, which goes over them a dozen times."""

_entries_updated: Counter[str] = Counter()  # entries so far in this process, by kernel


@cache
def load_compiled() -> ModuleType | None:
    """The compiled kernels, or None where Numba is missing or the environment says NNEXP_KERNELS=numpy."""
    if os.environ.get("NNEXP_KERNELS") == "numpy" or find_spec("numba") is None:
        return None
    # Here and not above: importing Numba takes half a second, which short runs should not pay.
    from nnexp.nn.kernels import compiled

    return compiled


def adam(theta: Array, *rest: Array) -> None:
    """One Adam update in place; see `nnexp.nn.kernels.reference.adam`."""
    grad, m, v = rest[:3]
    numbers = [repeat_shared_number(number, len(theta)) for number in rest[3:]]
    _entries_updated["adam"] += theta.size
    module = None
    if _entries_updated["adam"] >= MIN_COMPILED_ENTRIES:
        module = load_compiled()
    if module:
        module.adam(theta, grad, m, v, *numbers)
        return
    for rows, columns in cut_tiles(*theta.shape):
        here = rows, columns
        reference.adam(theta[here], grad[here], m[here], v[here], *(number[rows] for number in numbers))


def repeat_shared_number(number: Array, replicas: int) -> Array:
    """A number of each replica (R, 1), from one of each or a shared one (1, 1).

    NumPy would broadcast a shared one, but a tile of later replicas would be cut from nothing, and compiled code, which
    broadcasts nothing, would read past its end.
    """
    if len(number) == replicas:
        return number
    return np.repeat(number, replicas, axis=0)


def cut_tiles(replicas: int, entries: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of an array (R, P), piece by piece; several arrays of a piece stay in the processor's cache.

    >>> list(cut_tiles(2, 5))
    [(slice(0, 2, None), slice(0, 5, None))]
    """
    height, width = max(1, CACHED_ENTRIES // entries), min(CACHED_ENTRIES, entries)
    for top in range(0, replicas, height):
        for left in range(0, entries, width):
            yield slice(top, min(top + height, replicas)), slice(left, min(left + width, entries))
