"""Predicting for a file: examples in, a table of predictions out.   N examples, O outputs"""

from __future__ import annotations

import zipfile
from math import prod
from pathlib import Path

import numpy as np
import pandas as pd

from nnexp.errors import DataError
from nnexp.predictor import Network
from nnexp.typing import AnyArray, Shape


def read_inputs(path: Path, shape: Shape) -> AnyArray:
    """Examples (N, *shape) from a .csv with a header (a row an example) or from a .npz (its array x, or its only one).

    Raises DataError that says what is wrong, for a csv with row and column.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    if path.suffix == ".csv":
        return _read_csv(path, shape)
    if path.suffix == ".npz":
        return _read_npz(path, shape)
    raise DataError(f"{path}: the input is a .csv or a .npz file, not {path.suffix or 'a file without an ending'}")


def table(network: Network, x: AnyArray) -> pd.DataFrame:
    """One row an example: the class and each class's score, or each output's value."""
    description = network.description
    scores = network.probabilities(x)
    if description.targets != "classes":
        return pd.DataFrame(scores, columns=list(description.classes))
    named = pd.DataFrame(scores, columns=[f"p_{name}" for name in description.classes])
    named.insert(0, "class", np.asarray(description.classes)[network.predict(x)])
    return named


def _read_csv(path: Path, shape: Shape) -> AnyArray:
    try:
        frame = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from None
    if frame.shape[1] != prod(shape):
        raise DataError(f"{path} has {frame.shape[1]} columns, and the network takes {prod(shape)} numbers an example")
    numbers = frame.apply(pd.to_numeric, errors="coerce")
    _refuse(path, ~np.isfinite(numbers.to_numpy(np.float64)), frame)
    return numbers.to_numpy(np.float64).reshape(-1, *shape)


def _refuse(path: Path, wrong: AnyArray, frame: pd.DataFrame) -> None:
    """Raise DataError for the first entry that is no finite number."""
    if wrong.any():
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        found = frame.iat[row, column]
        raise DataError(f"{path}: line {row + 2}, column {frame.columns[column]!r}: {found!r} is not a finite number")


def _read_npz(path: Path, shape: Shape) -> AnyArray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files
            if "x" not in names and len(names) != 1:
                raise DataError(f"{path} has no array x; it has {', '.join(names) or 'none'}")
            x: AnyArray = archive["x" if "x" in names else names[0]]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as .npz: {error}") from None
    if x.ndim == 0 or x.shape[1:] != shape:
        wanted, found = " x ".join(map(str, shape)), " x ".join(map(str, x.shape))
        raise DataError(f"{path}: expected an array of N x {wanted}, found {found or 'a single number'}")
    if x.dtype.kind not in "fiub" or not np.isfinite(x).all():
        raise DataError(f"{path}: the array holds something that is not a finite number")
    return x
