"""Tables of one's own.   M rows, I inputs, O outputs"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, MinLen, Predicate, doc

from nnexp.data.dataset import Dataset, Description, LabelledExamples
from nnexp.data.file_source import OwnFileSource, find_path
from nnexp.data.formats.csv import target_columns
from nnexp.data.formats.csv.columns import check_columns, check_unique, choose_features, read_column_names
from nnexp.data.formats.csv.csv_file import CsvFile
from nnexp.data.formats.csv.dialect import GROUPING_CHARACTERS, Dialect, Encoding, NumberFormat, Separator
from nnexp.data.formats.csv.features import CategoryLevels, Features
from nnexp.data.formats.csv.parquet_file import open_table_file
from nnexp.data.formats.csv.split_keys import make_split_key
from nnexp.data.formats.csv.table import CsvTable, read_table
from nnexp.data.formats.csv.table_parts import TableInputs, TablePart, TableRequest, list_rows_of_parts
from nnexp.data.formats.same_files import Twin, twin_of
from nnexp.data.inference.targets import decide_target_kind
from nnexp.data.inference.troubles import TableSettings, check_inputs, check_predicted_inputs
from nnexp.data.splits import PartName, Split
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.nn.named import Named
from nnexp.registry import sources
from nnexp.typing import AnyArray, Array, Count, FileName
from nnexp.wording import format_count

FILLS = ("mean", "median", "zero")
"""What is filled in where a value is missing."""

NO_ROWS_MESSAGE = "has no rows below the names of its columns"


def is_grouping(text: str) -> bool:
    """Whether a text can stand between groups of digits."""
    return text == "" or text in GROUPING_CHARACTERS


Thousands: TypeAlias = Annotated[str, Predicate(is_grouping), doc("one of , . ' _ or a space, or nothing")]
Symbol: TypeAlias = Annotated[str, MinLen(1)]


@sources.register("csv")
@dataclass(frozen=True, slots=True)
class Csv(OwnFileSource):
    """A table in a csv file of your own: a line of names, then a row for each example.

        x_mi = the number in row m of feature i
        x_ml = 1 where row m has level l, else 0, for every level of a feature that has levels

    x (M, I) float64; y (M,) labels, or (M, O) values or 0 and 1. `nnexp new NAME --data FILE` writes all of this for a
    file. `target` is the column to predict, or a list of them. With `kind: auto` texts are classes and numbers with
    fractions values, unless `classes` lists the classes in their order; whole numbers may be either, and one has to
    say which. `kind: classes` takes numbers for names of classes, and sorts by number where all are. `kind: binary`
    takes 1, true, yes and 0, false, no, a column for each output. Rows without a target are refused, or left out with
    `without_target: drop`.

    Features are all other columns in the order of the file, without those in `drop` and `id`, or else those in
    `features`. Each is a number, or named in `categorical` with its levels: {island: [Biscoe, Dream, Torgersen], city:
    auto, street: {top: 20}, size: {ordinal: [S, M, L]}}. `id` names columns that tell the rows apart: they are no
    features, and come back with predictions. A missing value is an empty entry, NA, N/A, NaN, null, in capitals or not,
    or what `missing` lists, such as ["?", -200]; it is refused, or with `fill: mean`, `median` or `zero` filled in from
    the training part; all inputs of a missing category are.

    `test` and `dev` are further files with the same columns: the set's own test and dev parts. The files have
    `separator` between entries (`whitespace`: any spaces and tabs), `quote` around them, are written in `encoding`, and
    with `header: false` have no line of names, which `names` then gives; `skip_lines` are above it all. Numbers are
    written with `decimal`, `thousands` between groups of digits, and `symbols` such as % and $ beside them. Endings
    .gz, .bz2 and .xz say how a file is compressed. Spaces around an entry mean nothing. `reshape: [28, 28, 1]` makes an
    image of each row of 784 pixels. `nnexp predict` takes such a file too, its columns in any order. A file that ends
    in .parquet is read too, with the extra `parquet`.
    """

    path: FileName
    target: str | tuple[str, ...]
    kind: Literal["auto", "classes", "values", "binary"] = "auto"
    classes: tuple[str | int, ...] = ()
    features: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    categorical: Named[CategoryLevels] = Named((), ())
    missing: tuple[str | int | float, ...] = ()
    fill: Literal["refuse", "mean", "median", "zero"] = "refuse"
    without_target: Literal["refuse", "drop"] = "refuse"
    dev: FileName | None = None
    test: FileName | None = None
    separator: Separator = ","
    quote: Literal['"', "'"] = '"'
    encoding: Encoding = "utf-8"
    header: bool = True
    names: tuple[str, ...] = ()
    skip_lines: Annotated[int, Ge(0)] = 0
    decimal: Literal[".", ","] = "."
    thousands: Thousands = ""
    symbols: tuple[Symbol, ...] = ()
    reshape: tuple[Count, ...] = ()

    @property
    def dialect(self) -> Dialect:
        """How the files are written."""
        return Dialect(
            self.separator,
            self.quote,
            self.encoding,
            self.header,
            self.names,
            self.skip_lines,
            NumberFormat(self.decimal, self.thousands, self.symbols),
            self.missing,
        )

    @property
    def target_names(self) -> tuple[str, ...]:
        """The columns to predict."""
        return (self.target,) if isinstance(self.target, str) else self.target

    def find_files(self) -> tuple[Path, ...]:
        return tuple(find_path(path) for path in (self.path, self.dev, self.test) if path is not None)

    def find_part_places(self) -> dict[PartName, str]:
        named: dict[PartName, str | None] = {"dev": self.dev, "test": self.test}
        return {part: path for part, path in named.items() if path is not None}

    def twin(self) -> Twin | None:
        for parameter, path in (("test", self.test), ("dev", self.dev)):
            if path is not None:
                found = twin_of(self.path, path)
                if found:
                    return replace(found, parameter=parameter)
        return None

    def depends_on_split(self, split: Split) -> bool:
        return bool(split.key_column) or not all(category.is_decided for category in self.categorical.values)

    def read_dataset(self) -> Dataset:
        return self.read_for(Split())

    def read_for(self, split: Split) -> Dataset:
        file = self._open_file(self.path)
        request = self._make_request(file, split)
        parts = [self._read_part(file, request)]
        # the other files have the classes of the first, so that a class has the same number in all
        request = replace(request, kind=parts[0].kind, classes=parts[0].classes)
        parts += [self._read_part(self._open_file(path), request) for path in (self.dev, self.test) if path is not None]
        y = np.concatenate([part.y for part in parts])
        counts = [len(part.y) for part in parts[1:]]
        own_dev = counts[0] if self.dev is not None else 0
        own_test = counts[-1] if self.test is not None else 0
        key = make_split_key([part.table for part in parts], split, [part.rows for part in parts])
        features = request.features
        if not all(category.is_decided for category in self.categorical.values):
            labels = y if request.kind == "classes" else None
            rows = split.choose_indices(len(y), labels, own_test, own_dev, key)["train"]
            features = features.decide_levels(list_rows_of_parts(parts, rows))
            check_unique(file, features.input_names, "inputs")
        x = np.concatenate([features.encode_table(part.table)[part.rows] for part in parts])
        x = self._shape_inputs(file, x)
        description = Description(
            len(x), x.shape[1:], parts[0].kind, parts[0].classes,
            own_test=own_test, own_dev=own_dev, inputs=features.input_names, levels=features.levels,
        )  # fmt: skip
        return Dataset(x, y, description, None if self.fill == "refuse" else self.fill, key)

    def read_inputs(self, path: str, description: Description) -> TableInputs:
        """The rows of another file as inputs, to predict for with a run of this description; it may have more columns.

        Raises DataError where a column is not there, or an entry cannot be an input.
        """
        file = self._open_file(path)
        names = read_column_names(file)
        features = Features.from_inputs(description.inputs, self.categorical, description.levels)
        check_columns(file, names, [*features.columns, *self.id])
        table = read_table(file, features.number_columns, [*features.category_columns, *self.id])
        check_predicted_inputs(table, features, fills=self.fill != "refuse")
        identifiers = {}
        for name in self.id:
            words = table.words[name]
            identifiers[name] = [words.entries[place] for place in words.which.tolist()]
        x = self._shape_inputs(file, features.encode_table(table))
        return TableInputs(x, identifiers, tuple(features.describe_unseen(table)))

    def _shape_inputs(self, file: CsvFile, x: Array) -> Array:
        """Inputs (M, I) in the shape that is asked for. Raises DataError where it has more numbers, or fewer."""
        if not self.reshape:
            return x
        if prod(self.reshape) != x.shape[1]:
            what = f"has {format_count(x.shape[1], 'input')}, and reshape: {list(self.reshape)} takes"
            raise file.make_error(f"{what} {prod(self.reshape):,}")
        return x.reshape(len(x), *self.reshape)

    def read_labelled(self, path: Path, description: Description) -> LabelledExamples:
        file = self._open_file(str(path))
        features = Features.from_inputs(description.inputs, self.categorical, description.levels)
        request = TableRequest(features, self.target_names, description.targets, description.classes, None)
        check_columns(file, read_column_names(file), features.columns)
        try:
            check_columns(file, read_column_names(file), request.targets)
        except DataError as error:
            raise DataError(f"{error}; for rows without a target there is `nnexp predict`") from None
        table = read_table(file, features.number_columns, [*features.category_columns, *request.targets])
        if not len(table):
            raise file.make_error(NO_ROWS_MESSAGE)
        check_predicted_inputs(table, features, fills=self.fill != "refuse")
        labelled = target_columns.find_labelled_rows(table, request.targets, request.classes)
        notes = list(features.describe_unseen(table))
        missing = int((~labelled).sum())
        if missing == len(table) or (missing and self.without_target == "refuse"):
            line = file.read_row(int(labelled.argmin()))[0]
            raise file.make_error(f"the target is missing in {format_count(missing, 'row')}, first here", line)
        if missing:
            notes.append(f"{format_count(missing, 'row')} without a target left out")
        y, _ = self._make_targets(table, request, description.targets)
        return LabelledExamples(features.encode_table(table)[labelled], y[labelled], tuple(notes))

    def _open_file(self, path: str) -> CsvFile:
        if self.decimal == self.thousands:
            raise DataError(f"decimal and thousands are both {self.decimal!r}: numbers could not be told")
        if self.names and self.header:
            raise DataError("`names` is for a file without a line of names: write header: false, or leave names out")
        fills = [token for token in self.missing if token in FILLS]
        if fills:
            raise DataError(
                f"`missing` lists what stands for a missing value; to fill it in: data.source.csv.fill={fills[0]}"
            )
        return open_table_file(path, self.dialect)

    def _make_request(self, file: CsvFile, split: Split) -> TableRequest:
        """What is read of every file. Raises DataError where a column is not there, or is two things at once."""
        names = read_column_names(file)
        drop = [*self.drop, *self.id]
        column = split.key_column
        if column is not None and column not in (*drop, *self.features, *self.target_names):
            check_columns(file, names, [column])
            drop.append(column)  # a time or a group is no feature, unless `features` lists it
        features = choose_features(file, names, self.target_names, self.features, drop, self.categorical)
        listed = tuple(map(str, self.classes))
        if not self.target_names:
            raise file.make_error("needs a target, and the spec names none")
        if self.kind == "classes" and len(self.target_names) > 1:
            raise file.make_error(f"has {len(self.target_names)} targets, and only one column can hold classes")
        if self.kind in ("values", "binary") and listed:
            raise file.make_error(f"has targets that are {self.kind}, so that no classes can be listed")
        return TableRequest(features, self.target_names, self.kind, listed, column)

    def _read_part(self, file: CsvFile, request: TableRequest) -> TablePart:
        """One file: its columns, its targets, and which of its rows have a target."""
        features, targets = request.features, request.targets
        check_columns(file, read_column_names(file), [*features.columns, *targets])
        words = [*features.category_columns, *targets]
        if request.key_column is not None and request.key_column not in [*words, *features.number_columns]:
            words.append(request.key_column)
        table = read_table(file, features.number_columns, words)
        if not len(table):
            raise file.make_error(NO_ROWS_MESSAGE)
        # inputs first, as what is wrong with them is told before what is wrong with targets
        check_inputs(table, features, self._settings)
        labelled = target_columns.find_labelled_rows(table, targets, request.classes)
        if self.without_target == "refuse":
            target_columns.check_labelled(table, targets, labelled)
        kind = request.kind
        if kind == "auto":
            kind = "classes" if request.classes else decide_target_kind(table, targets)
        y, classes = self._make_targets(table, request, kind)
        return TablePart(table, y[labelled], labelled, kind, classes)

    def _make_targets(self, table: CsvTable, request: TableRequest, kind: Targets) -> tuple[AnyArray, tuple[str, ...]]:
        """The targets of all rows, and the names of what there is to predict."""
        if kind == "classes":
            mixed = self.kind == "classes"
            return target_columns.make_labels(table, request.targets[0], request.classes, mixed=mixed)
        if kind == "binary":
            return target_columns.make_binary(table, request.targets), request.targets
        return target_columns.make_values(table, request.targets, sure=self.kind == "values"), request.targets

    @property
    def _settings(self) -> TableSettings:
        fills = self.fill != "refuse"
        return TableSettings(
            self.target_names, self.features, self.categorical, self.drop, self.id, self.missing, fills
        )
