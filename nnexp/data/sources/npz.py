"""Arrays in a .npz file.   M examples, K classes, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.dataset import Dataset, Description, LabelledExamples
from nnexp.data.file_source import OwnFileSource, find_path
from nnexp.data.formats.npz.members import ArrayMember, NpzArchive
from nnexp.data.formats.npz.targets import (
    DTYPE_WORDS,
    TargetKind,
    check_finite,
    check_labels,
    find_class_names,
    find_meaning,
    read_labels,
    read_numbers,
    read_values,
)
from nnexp.data.formats.same_files import NOTHING_SAID, Twin
from nnexp.data.sources.base import describe_regression
from nnexp.errors import DataError
from nnexp.nn.layers.base import format_shape
from nnexp.registry import sources
from nnexp.typing import AnyArray, ArrayName, FileName

MIN_MAPPED_BYTES = 2**26
"""An array that is larger, and not compressed, is left in the file."""

CLASSES_ARRAY = "classes"
"""The array with the classes' names, where a file has one."""


@sources.register("npz")
@dataclass(frozen=True, slots=True)
class Npz(OwnFileSource):
    """Arrays in a .npz file, as `numpy.savez` writes it.

        x (M, ...), y (M,) or (M, O);  x_test, y_test: the set's own test part, if it has one

    `x` and `y` name the arrays. `kind: auto` takes integers (M,) and texts for classes, booleans for yes-or-no outputs,
    floating-point numbers for values; 0 and 1 of another type are `kind: binary`. Integer labels are 0 to K - 1;
    `classes` names the classes, or an array `classes` of texts in the file does. Texts are the classes' own names, in
    sorted order where no list gives another. Where there are no classes, `classes` names the outputs.

    Inputs stay of the type that they are stored in, booleans as bytes; infinities and NaN are refused. Pickled objects
    are never read. Inputs of more than 64 MiB that are not compressed, such as images as bytes, stay in the file where
    they lie as memory would hold them and there is no test part; the file should not be changed meanwhile.
    """

    path: FileName
    x: ArrayName = "x"
    y: ArrayName = "y"
    kind: TargetKind = "auto"
    classes: tuple[str, ...] = ()

    def find_files(self) -> tuple[Path, ...]:
        return (find_path(self.path),)

    def twin(self) -> Twin | None:
        """The sums that an archive keeps of each array tell, without reading them, whether two are the same."""
        parts = [x.entry for x, _ in self._find_parts(NpzArchive(self.path))]
        # checksum and length together: two different arrays agree in both once in four thousand million
        if len(parts) < 2 or (parts[0].CRC, parts[0].file_size) != (parts[1].CRC, parts[1].file_size):
            return None
        return Twin("path", f"{self.x}_test holds the same numbers as {self.x}: {NOTHING_SAID}", of_data=True)

    def describe(self) -> Description:
        """What the headers say; of the targets' entries, only labels are looked at."""
        archive = NpzArchive(self.path)
        return self._describe_parts(archive, self._find_parts(archive))

    def read_dataset(self) -> Dataset:
        archive = NpzArchive(self.path)
        parts = self._find_parts(archive)
        description = self._describe_parts(archive, parts)
        x = _read_inputs([x for x, _ in parts])
        targets = [_read_targets(y, description) for _, y in parts]
        return Dataset(x, targets[0] if len(targets) == 1 else np.concatenate(targets), description)

    def read_labelled(self, path: Path, description: Description) -> LabelledExamples:
        x, y = _find_pair(NpzArchive(str(path)), self.x, self.y)
        if x.shape[1:] != description.shape:
            found, expected = format_shape(x.shape[1:]), format_shape(description.shape)
            raise DataError(f"{x} holds examples of {found} numbers; the run was trained on {expected}")
        assert description.targets != "tasks", "a file has one kind of targets"
        targets = find_meaning(y, description.targets)
        outputs = y.shape[1] if len(y.shape) == 2 else 1
        if targets != "classes" and outputs != description.output_count:
            raise DataError(f"{y} has {outputs} outputs; the run was trained on {description.output_count}")
        return LabelledExamples(_read_inputs([x]), _read_targets(y, description))

    def _find_parts(self, archive: NpzArchive) -> list[tuple[ArrayMember, ArrayMember]]:
        """Inputs and targets, and those of the test part if there is one, fitting each other."""
        parts = [_find_pair(archive, self.x, self.y)]
        test = f"{self.x}_test", f"{self.y}_test"
        if test[0] in archive or test[1] in archive:  # one without the other is an error that names it
            parts.append(_find_pair(archive, *test))
            for train, own in zip(*parts, strict=True):
                _check_same_form(train, own)
        return parts

    def _describe_parts(self, archive: NpzArchive, parts: list[tuple[ArrayMember, ArrayMember]]) -> Description:
        """What parts hold that fit each other."""
        inputs, y = [x for x, _ in parts], [y for _, y in parts]
        examples = sum(map(count_examples, inputs))
        own_test = examples - count_examples(inputs[0])
        found = find_meaning(y[0], self.kind)
        if found == "classes":
            own = archive.find_member(CLASSES_ARRAY) if CLASSES_ARRAY in archive and not self.classes else None
            names = find_class_names(y, self.classes, own)
            for part in y:
                check_labels(part, names)
        else:
            names = self._output_names(y[0])
        shape, itemsize = inputs[0].shape[1:], _common_dtype(inputs).itemsize
        return Description(examples, shape, found, names, own_test=own_test, itemsize=itemsize)

    def _output_names(self, y: ArrayMember) -> tuple[str, ...]:
        """The names of outputs that are no classes."""
        outputs = y.shape[1] if len(y.shape) == 2 else 1
        if not self.classes:
            return describe_regression(0, 0, outputs).classes
        if len(self.classes) != outputs:
            raise DataError(f"{y} has {outputs} outputs, and `classes` names {len(self.classes)}")
        return check_names(self.classes, f"{self.path}: classes", least=1)


def count_examples(member: ArrayMember) -> int:
    """The number of examples."""
    return member.shape[0]


def _find_pair(archive: NpzArchive, *names: str) -> tuple[ArrayMember, ArrayMember]:
    """Inputs and targets of as many examples. Raises DataError."""
    x, y = (archive.find_member(name) for name in names)
    if x.dtype.kind == "U":
        raise DataError(f"{x} holds texts; expected numbers")
    if len(x.shape) < 2 or 0 in x.shape[1:]:
        raise DataError(f"{x} has shape {x.shape}; expected (M, ...), for one number an example (M, 1)")
    if not count_examples(x):
        raise DataError(f"{x} holds no examples")
    if y.shape[:1] != x.shape[:1]:
        raise DataError(f"{x} has shape {x.shape} and {y.name} has {y.shape}: expected as many examples")
    return x, y


def _check_same_form(train: ArrayMember, test: ArrayMember) -> None:
    """Raise DataError where the arrays of the parts could not be one."""
    if (train.shape[1:], DTYPE_WORDS[train.dtype.kind]) != (test.shape[1:], DTYPE_WORDS[test.dtype.kind]):
        raise DataError(
            f"{train} has shape {train.shape} of {train.dtype} and {test.name} has {test.shape} of "
            f"{test.dtype}: expected examples of one shape and type"
        )


def _read_inputs(parts: list[ArrayMember]) -> AnyArray:
    """The inputs of all parts, one after the other, or left in the file. Raises DataError where one is not finite."""
    first = parts[0]
    if len(parts) == 1 and _can_map(first):
        mapped = first.map_array()
        if mapped.flags.aligned:  # else every use of the numbers would be slow
            for start, block in first.read_blocks():
                check_finite(first, start, block)
            return mapped
    examples = sum(map(count_examples, parts))
    inputs = np.empty((examples, *first.shape[1:]), _common_dtype(parts))
    start = 0
    for x in parts:
        read_numbers(x, inputs[start : start + count_examples(x)])
        start += count_examples(x)
    return inputs


def _common_dtype(parts: list[ArrayMember]) -> np.dtype[Any]:
    """The type that holds the numbers of all parts, in the machine's byte order."""
    dtypes = []
    for x in parts:
        is_bool = x.dtype.kind == "b"  # a truth value becomes a byte, with which networks can compute
        dtypes.append(np.dtype(np.uint8) if is_bool else x.dtype.newbyteorder("="))
    return np.result_type(*dtypes)


def _can_map(x: ArrayMember) -> bool:
    """Whether an array is large, and lies in the file as it is used."""
    plain = not x.fortran and x.dtype.isnative and x.dtype.kind != "b"
    return plain and not x.entry.compress_type and x.entry_count * x.dtype.itemsize > MIN_MAPPED_BYTES


def _read_targets(y: ArrayMember, description: Description) -> AnyArray:
    if description.targets == "classes":
        return read_labels(y, description.classes)
    return read_values(y, binary=description.targets == "binary")
