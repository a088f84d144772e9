"""Predicting for a file: examples in, a table of predictions out.   N examples, O outputs"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from nnexp.data.dataset import Source
from nnexp.data.formats.images import choose_images, is_image, read_images
from nnexp.data.sources.image_folder import ImageFolder
from nnexp.data.sources.npz import Npz
from nnexp.data.sources.table import Csv
from nnexp.errors import DataError
from nnexp.nn.layers.base import format_shape
from nnexp.prediction.predictor import Prediction, Predictor
from nnexp.typing import AnyArray, Shape
from nnexp.wording import format_count


class CsvLines(Protocol):
    """A reader of csv: the entries of each line, and the number of lines read."""

    line_num: int

    def __next__(self) -> list[str]: ...

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass(frozen=True, slots=True, eq=False)
class FileExamples:
    """Examples x (N, ...) of a file, the columns that tell them apart, and what a user should know of them."""

    x: AnyArray
    identifiers: Mapping[str, Sequence[str]]
    notes: tuple[str, ...] = ()


def read_examples(path: Path, network: Predictor, source: Source) -> FileExamples:
    """Examples for the network of a run that was trained on this source.

    A table's columns are found by their names; images and arrays are converted as those of training were. Raises
    DataError.
    """
    # All that is needed stands in the run's folder: the file that it was trained on may be gone.
    if images := list_images(path, source):
        assert isinstance(source, ImageFolder)
        return FileExamples(read_images(images, source.conversion), {"file": [image.name for image in images]})
    if isinstance(source, Csv) and path.suffix.lower() != ".npz":
        found = source.read_inputs(str(path), network.description)
        return FileExamples(found.x, found.identifiers, found.notes)
    if isinstance(source, Npz) and path.suffix.lower() in (".npz", ".npy"):
        return FileExamples(source.read_inputs(str(path), network.description), {})
    x = read_input_file(path, network.description.shape, may_miss=network.accepts_missing)
    return FileExamples(x, {})


def list_images(path: Path, source: Source) -> tuple[Path, ...]:
    """The images of a file or a folder, by name, for a network that was trained on image files; otherwise none."""
    if isinstance(source, ImageFolder) and (path.is_dir() or is_image(path)):
        return choose_images(path)
    return ()


def read_input_file(path: Path, shape: Shape, *, may_miss: bool = False) -> AnyArray:
    """Examples (N, *shape) from a .csv with a header (a row an example) or from a .npz (its array x, or its only one).

    With `may_miss` NaN in a .npz is a missing value. Raises DataError that names what is wrong, and where.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    if path.suffix.lower() == ".csv":
        return _read_csv(path, shape)
    if path.suffix.lower() == ".npz":
        return _read_npz(path, shape, may_miss=may_miss)
    raise DataError(f"{path}: the input is a .csv or a .npz file, not {path.suffix or 'a file without an ending'}")


def make_prediction_table(
    network: Predictor, x: AnyArray, identifiers: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """One row an example: what tells it apart, then the class and each class's score, or each output's value.

    The tasks stand side by side.
    """
    columns = [pd.DataFrame(dict(identifiers or {})), *map(_make_task_columns, network.predictions(x))]
    return pd.concat(columns, axis=1)


def _make_task_columns(found: Prediction) -> pd.DataFrame:
    """The columns of one task, which begin with its name where it has one."""
    task = found.task
    prefix = f"{task.name}_" if task.name else ""
    if task.targets != "classes":
        return pd.DataFrame(found.scores, columns=[f"{prefix}{name}" for name in task.classes])
    kind = "p" if found.are_probabilities else "score"
    table = pd.DataFrame(found.scores, columns=[f"{prefix}{kind}_{name}" for name in task.classes])
    table.insert(0, f"{prefix}class", np.asarray(task.classes)[found.predicted])
    return table


def _read_csv(path: Path, shape: Shape) -> AnyArray:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            examples = list(_parse_rows(path, csv.reader(file), prod(shape)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from None
    return np.array(examples, np.float64).reshape(-1, *shape)


def _parse_rows(path: Path, lines: CsvLines, inputs: int) -> Iterator[list[float]]:
    """The numbers of each line after the header. Raises DataError where they are not one finite number an input."""
    names = next(lines, [])
    if len(names) != inputs:
        expected = format_count(inputs, "number")
        raise DataError(f"{path} has {len(names)} columns, and the network takes {expected} an example")
    if _is_data_row(names):
        raise DataError(f"{path}: line 1 holds numbers, and should hold the names of the columns")
    empty_line = 0
    for row in lines:
        if not row:
            empty_line = empty_line or lines.line_num
            continue
        # Empty lines at the end are no fault; one between examples may be an example that is lacking.
        if empty_line:
            raise DataError(f"{path}: line {empty_line} is empty")
        yield _parse_row(f"{path}: line {lines.line_num}", names, row)


def _parse_row(place: str, names: list[str], row: list[str]) -> list[float]:
    """The numbers of one line. Raises DataError where they are not one finite number a column."""
    if len(row) != len(names):
        raise DataError(f"{place} has {format_count(len(row), 'entry')} under {format_count(len(names), 'name')}")
    numbers: list[float] = []
    for name, text in zip(names, row, strict=True):
        number = _parse_number(text)
        if number is None:
            raise DataError(f"{place}, column {name!r}: {text!r} is not a finite number")
        numbers.append(number)
    return numbers


def _parse_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _is_data_row(names: list[str]) -> bool:
    """Whether the first line holds an example, the header being forgotten: numbers, but not 0, 1... or 1, 2..."""
    numbers = [_parse_number(name) for name in names]
    if None in numbers:
        return False
    # pandas names the columns of an array so.
    is_count = numbers in (list(range(len(names))), list(range(1, len(names) + 1)))
    return not is_count


def _find_array(path: Path, archive: Mapping[str, AnyArray]) -> AnyArray:
    """The array x of an archive, or its only one."""
    names = list(archive)
    if "x" not in names and len(names) != 1:
        raise DataError(f"{path} has no array x; it has {', '.join(names) or 'none'}")
    array = archive["x" if "x" in names else names[0]]
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path} holds something that is no array")
    return array


def _read_npz(path: Path, shape: Shape, *, may_miss: bool) -> AnyArray:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            x = _find_array(path, archive)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a file that is no such archive makes its reader raise
        raise DataError(f"{path} cannot be read as .npz: {error}") from None
    if x.ndim == 0 or x.shape[1:] != shape:
        found = format_shape(x.shape) or "a single number"
        raise DataError(f"{path}: expected an array of N x {format_shape(shape)}, found {found}")
    if x.dtype.kind not in "fiub" or not (np.isfinite(x) | (may_miss & np.isnan(x))).all():
        raise DataError(f"{path}: the array holds something that is not a finite number")
    return x
