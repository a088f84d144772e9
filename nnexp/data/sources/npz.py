"""Arrays of one's own.   M examples, K classes, O outputs, H W C image"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from nnexp.data.class_names import check_names
from nnexp.data.dataset import Dataset, DatasetTargets, Description, LabelledExamples
from nnexp.data.file_source import OwnFileSource, find_path
from nnexp.data.formats.npz.archives import is_npy, open_archive
from nnexp.data.formats.npz.inputs import InputForm, Layout, find_common_dtype, read_inputs
from nnexp.data.formats.npz.labels import ClassCoding, find_class_coding, find_known_coding, read_labels
from nnexp.data.formats.npz.members import ArrayMember, format_names
from nnexp.data.formats.npz.numbers import MissingNumbers, read_values
from nnexp.data.formats.npz.parts import ArrayPart, check_inputs, find_array_name, find_parts
from nnexp.data.formats.npz.split_keys import read_split_key
from nnexp.data.formats.npz.target_kind import TargetKind, find_target_kind
from nnexp.data.formats.same_files import NOTHING_SAID, Twin
from nnexp.data.sources.base import describe_regression
from nnexp.data.splits import PartName, Split
from nnexp.errors import DataError
from nnexp.nn.layers.base import format_shape
from nnexp.nn.losses.base import Targets
from nnexp.registry import sources
from nnexp.typing import AnyArray, ArrayName, Count, FileName

CLASSES_ARRAY = "classes"
"""The array with the classes' names, where a file has one."""


@sources.register("npz")
@dataclass(frozen=True, slots=True)
class Npz(OwnFileSource):
    """Arrays in a .npz file, as `numpy.savez` writes it, or in .npy files side by side.

        x (M, ...), y (M,) or (M, O);  x_dev, y_dev and x_test, y_test: the set's own dev and test parts, if there are

    `x` and `y` name the arrays. For `path: images.npy` that file is x, and `y: labels.npy` lies beside it. Parts may be
    called val, valid, validation, testing and so on as well, and the word may come first: `test_images` is of the same
    set as `train_images`.

    Texts are classes, and so are integers (M,) of few different values: each is a class, wherever they count from and
    whatever they leave out; a row of zeros and a single 1 is a class too. Floating-point numbers with fractions are
    values, booleans answers of yes or no. With `kind: auto` what could be two of these, as whole numbers stored as
    floating-point ones, is refused, and one has to say which: `classes`, `values` or `binary` (0 and 1). Classes are in
    the order of their numbers, or texts; `classes`, or an array `classes` of texts in the file, gives other names, in
    the order of labels from 0 if that is where they count from. Where there are no classes, it names the outputs.

    Inputs stay of the type that they are stored in, booleans as bytes. Numbers in `missing`, such as [-200], and NaN
    are missing values: they are refused, or with `fill: mean`, `median` or `zero` filled in from the training part.
    Infinities are refused. `reshape: [28, 28, 1]` gives each example this shape. A network takes images as [H, W, C];
    `layout: channels_first` turns stored [C, H, W] into it, and `channels_last` says that nothing is to be turned.

    Pickled objects are never read. Inputs of more than 64 MiB that are not compressed, such as images as bytes, stay in
    the file where they lie as memory would hold them, and there are no own parts and no numbers in `missing`; the file
    should not be changed meanwhile.
    """

    path: FileName
    x: ArrayName = "x"
    y: ArrayName = "y"
    kind: TargetKind = "auto"
    classes: tuple[str | int, ...] = ()
    missing: tuple[int | float, ...] = ()
    fill: Literal["refuse", "mean", "median", "zero"] = "refuse"
    reshape: tuple[Count, ...] = ()
    layout: Layout = "auto"

    @property
    def input_form(self) -> InputForm:
        """How stored inputs become those of a network."""
        return InputForm(self.reshape, self.layout, MissingNumbers(self.missing, self.fill != "refuse"))

    def find_files(self) -> tuple[Path, ...]:
        if not is_npy(self.path):
            return (find_path(self.path),)
        members: list[ArrayMember] = []
        for part in self._find_parts():
            members += [part.x, part.y]
        return tuple(find_path(member.path) for member in members)

    def twin(self) -> Twin | None:
        parts = self._find_parts()
        train = parts[0].x
        for part in parts[1:]:
            if part.x.is_copy_of(train):
                message = f"{part.x.name} holds the same numbers as {train.name}: {NOTHING_SAID}"
                return Twin("path", message, of_data=True)
        return None

    def describe(self) -> Description:
        """What the headers say; of the entries, only those of the targets are looked at."""
        return self._describe_parts(self._find_parts())

    def list_decisions(self) -> tuple[str, ...]:
        targets = [part.y for part in self._find_parts()]
        if find_target_kind(targets[0], self.kind) != "classes":
            return ()
        note = self._find_coding(targets).note
        return (note,) if note else ()

    def find_part_places(self) -> dict[PartName, str]:
        return {own.part: f"{own.x.name}, {own.y.name}" for own in self._find_parts()[1:]}

    def read_dataset(self) -> Dataset:
        return self.read_for(Split())

    def read_for(self, split: Split) -> Dataset:
        targets = self.read_targets_for(split)
        x = read_inputs([part.x for part in self._find_parts()], self.input_form)
        # no integer is missing
        fill = None if self.fill == "refuse" or x.dtype.kind != "f" else self.fill
        return Dataset(x, targets.y, targets.description, fill, targets.split_key)

    def read_targets_for(self, split: Split) -> DatasetTargets:
        parts = self._find_parts()
        description = self._describe_parts(parts)
        y = self._read_targets([part.y for part in parts], description.targets)
        return DatasetTargets(y, description, read_split_key(open_archive(self.path), parts, split))

    def read_inputs(self, path: str, description: Description) -> AnyArray:
        """The inputs in another file, stored as those of the set are, to predict for with a run of this description.

        They are the array named as in the set, or x, or the only one. Raises DataError.
        """
        archive = open_archive(path)
        # a .npy file is the inputs itself, whatever lies beside it
        names = [Path(path).stem] if is_npy(path) else [name for name in (self.x, "x") if name in archive]
        if not names and len(archive.names) != 1:
            raise DataError(f"{path} has no array {self.x}; it has {format_names(archive.names)}")
        x = archive.find_member([*names, *archive.names][0])
        check_inputs(x)
        return self._read_similar(x, description)

    def read_labelled(self, path: Path, description: Description) -> LabelledExamples:
        [part, *_] = self._find_parts(str(path))
        assert description.targets != "tasks", "a file has one kind of targets"
        kind = find_target_kind(part.y, description.targets)
        outputs = part.y.shape[1] if len(part.y.shape) == 2 else 1
        if kind != "classes" and outputs != description.output_count:
            raise DataError(f"{part.y} has {outputs} outputs; the run was trained on {description.output_count}")
        x = self._read_similar(part.x, description)
        if kind != "classes":
            return LabelledExamples(x, read_values(part.y, binary=kind == "binary"))
        return LabelledExamples(x, read_labels(part.y, find_known_coding(part.y, description)))

    def _read_similar(self, x: ArrayMember, description: Description) -> AnyArray:
        """Inputs stored as those of the set. Raises DataError where examples have another shape."""
        if self.input_form.find_shape(x) != description.shape:
            expected = format_shape(self.input_form.find_stored_shape(description.shape))
            raise DataError(f"{x}: expected an array of N x {expected}, found {format_shape(x.shape)}")
        return read_inputs([x], self.input_form)

    def _find_parts(self, path: str | None = None) -> list[ArrayPart]:
        """The arrays of each part, fitting each other, of the set or another file like it. Raises DataError."""
        path = path or self.path
        return find_parts(open_archive(path), find_array_name(path, self.x), find_array_name(path, self.y))

    def _find_coding(self, targets: Sequence[ArrayMember]) -> ClassCoding:
        """What the labels of all parts mean."""
        archive = open_archive(self.path)
        own = archive.find_member(CLASSES_ARRAY) if CLASSES_ARRAY in archive and not self.classes else None
        return find_class_coding(targets, self.classes, own)

    def _read_targets(self, targets: Sequence[ArrayMember], kind: Targets) -> AnyArray:
        """The targets of all parts, one after the other."""
        if kind == "classes":
            coding = self._find_coding(targets)
            return np.concatenate([read_labels(y, coding) for y in targets])
        return np.concatenate([read_values(y, binary=kind == "binary") for y in targets])

    def _describe_parts(self, parts: Sequence[ArrayPart]) -> Description:
        """What parts hold that fit each other."""
        targets = [part.y for part in parts]
        kind = find_target_kind(targets[0], self.kind)
        labels: tuple[str, ...] = ()
        if kind == "classes":
            coding = self._find_coding(targets)
            names, labels = coding.names, coding.other_labels
            for y in targets:
                read_labels(y, coding)  # which raises DataError where one is of no class
        else:
            names = self._name_outputs(targets[0])
        counts = {part.part: part.examples for part in parts}
        form, inputs = self.input_form, [part.x for part in parts]
        return Description(
            sum(counts.values()), form.find_shape(inputs[0]), kind, names,
            own_test=counts.get("test", 0), own_dev=counts.get("dev", 0),
            itemsize=find_common_dtype(inputs, form.missing).itemsize, labels=labels,
        )  # fmt: skip

    def _name_outputs(self, y: ArrayMember) -> tuple[str, ...]:
        """The names of outputs that are no classes."""
        outputs = y.shape[1] if len(y.shape) == 2 else 1
        if not self.classes:
            return describe_regression(0, 0, outputs).classes
        if len(self.classes) != outputs:
            raise DataError(f"{y} has {outputs} outputs, and `classes` names {len(self.classes)}")
        return check_names(tuple(map(str, self.classes)), f"{self.path}: classes", least=1)
