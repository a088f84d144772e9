"""The number of BLAS threads that a run computes with."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits


@contextmanager
def limit_threads(threads: int, *, scipy: bool = False) -> Iterator[None]:
    """Compute with so many BLAS threads, and without NumPy's warnings: what is not finite is found by its value.

    scipy: whether SciPy's linear algebra is used inside.
    """
    # SciPy's wheels bring a BLAS of their own, and only libraries that are loaded already are limited.
    if scipy:
        importlib.import_module("scipy.linalg")
    with threadpool_limits(threads, "blas"), np.errstate(all="ignore"):
        yield
