"""Tables of one's own.   M rows, I inputs, O outputs"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Predicate, doc

from nnexp.data.dataset import Dataset, Description
from nnexp.data.file_source import FileSource, find_path
from nnexp.data.formats.csv import target_columns
from nnexp.data.formats.csv.advice import CsvAdvice, CsvSpecAdvice
from nnexp.data.formats.csv.columns import check_columns, choose_features, read_column_names
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.features import CategoryLevels, Features
from nnexp.data.formats.csv.table import read_table
from nnexp.data.formats.same_files import Twin, twin_of
from nnexp.nn.losses.base import Targets
from nnexp.nn.named import Named
from nnexp.registry import sources
from nnexp.typing import AnyArray, Array, FileName

NO_ROWS_MESSAGE = "has no rows below the names of its columns"


def is_separator(text: str) -> bool:
    """Whether a text can stand between the entries of a csv file."""
    return text in {"\t", " ", *"!#$%&*,/:;<=>?@\\^`|~"}


Separator: TypeAlias = Annotated[str, Predicate(is_separator), doc("one character that separates entries")]


@sources.register("csv")
@dataclass(frozen=True, slots=True)
class Csv(FileSource):
    """A table in a csv file of your own: a line of names, then a row for each example.

        x_mi = the number in row m of feature i
        x_ml = 1 where row m has level l, else 0, for every level of a feature that has levels

    x (M, I) float64; y (M,) labels, or (M, O) values or 0 and 1. `target` is the column to predict, or a list of them.
    With `kind: auto` texts are classes and numbers are values, unless `classes` lists the classes in their order;
    `kind: classes` takes numbers for names of classes too, and sorts by number where all are. `kind: binary` takes 1,
    true, yes and 0, false, no, a column for each output.

    Features are all other columns in the order of the file, without those in `drop`, or else those in `features`.
    Each is a number, or named in `categorical` with its levels: {island: [Biscoe, Dream, Torgersen]}. A missing value
    (an empty entry, NA, N/A, NaN or null, in capitals or not) is refused, or with `missing: mean`, `median` or `zero`
    filled in from the training part; all inputs of a missing category are. Targets are never missing.

    `test` is a second file with the same columns: the set's own test part. The files are UTF-8 with `separator` between
    entries, and quotes where an entry has it inside; spaces around an entry mean nothing. `nnexp predict` takes such a
    file too, its columns in any order.
    """

    path: FileName
    target: str | tuple[str, ...]
    kind: Literal["auto", "classes", "values", "binary"] = "auto"
    classes: tuple[str | int, ...] = ()
    features: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    categorical: Named[CategoryLevels] = Named((), ())
    missing: Literal["refuse", "mean", "median", "zero"] = "refuse"
    test: FileName | None = None
    separator: Separator = ","

    def find_files(self) -> tuple[Path, ...]:
        return tuple(find_path(path) for path in (self.path, self.test) if path is not None)

    def twin(self) -> Twin | None:
        return None if self.test is None else twin_of(self.path, self.test)

    def read_dataset(self) -> Dataset:
        file = CsvFile(self.path, self.separator)
        names = read_column_names(file)
        targets = (self.target,) if isinstance(self.target, str) else self.target
        features = choose_features(file, names, targets, self.features, self.drop, self.categorical)
        listed = tuple(map(str, self.classes))
        kind = target_columns.find_kind(file, self.kind, _read_first_row(file, names, targets), listed)
        asked = ColumnRequest(features, targets, kind)
        x, y, classes = self._read_part(file, names, asked, listed)
        own = 0
        if self.test is not None:
            test = CsvFile(self.test, self.separator)
            # with the classes of the first file, so that a class has the same number in both
            more_x, more_y, _ = self._read_part(test, read_column_names(test), asked, classes)
            x, y, own = np.concatenate([x, more_x]), np.concatenate([y, more_y]), len(more_y)
        description = Description(len(x), x.shape[1:], kind, classes, own_test=own, inputs=features.input_names)
        return Dataset(x, y, description, None if self.missing == "refuse" else self.missing)

    def read_inputs(self, path: str, inputs: Sequence[str]) -> Array:
        """The rows of another file as inputs (N, I) of these names, to predict for; it may have more columns."""
        file = CsvFile(path, self.separator)
        names = read_column_names(file)
        features = Features.from_inputs(inputs, self.categorical)
        check_columns(file, names, features.columns)
        table = read_table(file, names, features.number_columns, features.category_columns)
        return features.encode_table(table, CsvAdvice(), may_miss=self.missing != "refuse")

    def _read_part(
        self, file: CsvFile, names: Sequence[str], asked: ColumnRequest, classes: tuple[str, ...]
    ) -> tuple[Array, AnyArray, tuple[str, ...]]:
        """The inputs and targets of one file, and the names of what there is to predict."""
        features, targets, kind = asked.features, asked.targets, asked.kind
        check_columns(file, names, [*features.columns, *targets])
        numbers, words = features.number_columns, features.category_columns
        if kind == "values":
            numbers += targets
        else:
            words += targets
        table = read_table(file, names, numbers, words)
        if not len(table):
            raise file.make_error(NO_ROWS_MESSAGE)
        # inputs first, as what is wrong with them is told before what is wrong with targets
        x = features.encode_table(table, self._make_advice(), may_miss=self.missing != "refuse")
        if kind == "classes":
            y, classes = target_columns.make_labels(table, targets[0], classes, mixed=self.kind == "classes")
            return x, y, classes
        if kind == "binary":
            return x, target_columns.make_binary(table, targets), targets
        return x, target_columns.make_values(table, targets, sure=self.kind == "values"), targets

    def _make_advice(self) -> CsvSpecAdvice:
        levels = tuple((name, entry.level_words) for name, entry in self.categorical.items())
        return CsvSpecAdvice(levels, self.drop, bool(self.features))


def _read_first_row(file: CsvFile, names: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """The entries of some columns in the first row."""
    row = next(file.read_rows(), None)
    if row is None:
        raise file.make_error(NO_ROWS_MESSAGE)
    entries = dict(zip(names, row[1], strict=True))
    return {name: entries[name] for name in columns}


@dataclass(frozen=True, slots=True)
class ColumnRequest:
    """What is asked of a file: features, and targets of a kind."""

    features: Features
    targets: tuple[str, ...]
    kind: Targets
