"""Filling in missing values.   M examples in the whole set, N in the training part"""

from __future__ import annotations

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.errors import DataError
from nnexp.typing import AnyArray, Array, IntArray


def fit_fill_values(data: Dataset, rows: IntArray) -> Array | None:
    """What replaces a missing value of each feature, by the training examples alone; None where none may be missing.

        mean: Σ known x_i / their number;  median: the middle one of them;  zero: 0

    Raises DataError where the training part has no value of a feature.
    """
    if data.fill is None:
        return None
    if data.fill == "zero":
        return np.zeros(data.x.shape[1:])
    x = data.x[rows].astype(np.float64)
    known = ~np.isnan(x)
    counts = known.sum(axis=0)
    if not counts.all():
        names = data.description.inputs or tuple(map(str, range(counts.size)))
        name = names[int(counts.argmin())]
        raise DataError(f"the training part has no value of {name!r}, so that there is no {data.fill} to fill in")
    if data.fill == "mean":
        return np.sum(x, axis=0, where=known) / counts
    return np.nanmedian(x, axis=0)


def fill_missing(x: AnyArray, fill: Array | None) -> AnyArray:
    """Inputs (M, ...) with missing values filled in.

    >>> fill_missing(np.array([[1.0, np.nan], [np.nan, 2.0]]), np.array([5.0, 6.0])).tolist()
    [[1.0, 6.0], [5.0, 2.0]]
    """
    if fill is None:
        return x
    return np.where(np.isnan(x), fill, x)
