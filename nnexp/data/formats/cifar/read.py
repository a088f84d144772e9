"""Reading CIFAR-10 and CIFAR-100 in their python and binary versions.

M pictures in the whole set, N in one batch, K classes, H W C image
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnexp.data.dataset import Dataset, Description
from nnexp.data.formats.archive import ArchiveMember, read_members
from nnexp.data.formats.cifar.layouts import FileLayout, LabelLayout
from nnexp.data.formats.cifar.pickles import build_array, decode_text, read_pickle
from nnexp.errors import DataError
from nnexp.typing import AnyArray, IntArray, Shape

IMAGE_SHAPE: Shape = (32, 32, 3)
SIDE_PIXELS, COLOUR_CHANNELS = 32, 3
NUMBERS_PER_PICTURE = COLOUR_CHANNELS * SIDE_PIXELS * SIDE_PIXELS


def read_cifar(layout: FileLayout, labels: LabelLayout, path: str | None) -> Dataset:
    """All pictures: the training batches in their order, then the test batch.

    Raises DataError that names the file, and in an archive the member, which is missing or wrong.
    """
    home = layout.find_home(path)
    room, classes = PictureStore(layout), labels.classes
    for member in read_members(home, layout.list_wanted(labels), layout.largest):
        if member.name in (layout.meta, labels.names_file):
            classes = read_class_names(member, layout, labels)
        elif member.name.endswith(".bin"):
            room.store_batch(member, *read_binary_batch(member, layout, labels))
        else:
            room.store_batch(member, *read_pickled_batch(member, labels))
    missing = tuple(name for name in layout.batch_names if name not in room.batch_sizes)
    if missing:
        raise DataError(f"{home} {layout.describe_missing(missing)}")
    x, y = room.gather_pictures()
    own_test = room.batch_sizes[layout.batch_names[-1]]
    return Dataset(x, y, Description(len(x), IMAGE_SHAPE, "classes", classes, own_test=own_test, itemsize=1))


@dataclass(slots=True, eq=False)
class PictureStore:
    """Room for as many pictures as were published, in which each batch has its place, in whatever order they come.

    Nothing is copied a second time where the batches are of the published sizes. What stays empty takes no memory.
    """

    layout: FileLayout
    x: AnyArray = field(init=False)
    y: IntArray = field(init=False)
    batch_sizes: dict[str, int] = field(default_factory=dict)
    version: str | None = None

    def __post_init__(self) -> None:
        size = sum(most for _, most in self.layout.batches)
        self.x, self.y = np.empty((size, *IMAGE_SHAPE), np.uint8), np.empty(size, np.int64)

    def store_batch(self, member: ArchiveMember, planes: AnyArray, labels: IntArray) -> None:
        """Store one batch, whose planes of colour are (N, C, H, W)."""
        name, dot, _ = member.name.partition(".")
        version = "binary" if dot else "python"
        # the two versions have the same batches: a mixture would be two halves of unlike sets, or one set twice
        if self.version not in (None, version):
            raise DataError(f"{member.where}: the python and the binary version are mixed here")
        self.version = version
        start, most = self._find_place(name)
        if not 1 <= len(planes) <= most:
            raise DataError(f"{member.where} holds {len(planes):,} pictures: expected 1 to {most:,}")
        place = slice(start, start + len(planes))
        for colour in range(COLOUR_CHANNELS):  # one by one is faster than a transposed copy
            self.x[place, :, :, colour] = planes[:, colour]
        self.y[place] = labels
        self.batch_sizes[name] = len(planes)

    def _find_place(self, wanted: str) -> tuple[int, int]:
        """Where a batch begins, and how many pictures it may have."""
        start = 0
        for name, most in self.layout.batches:
            if name == wanted:
                return start, most
            start += most
        raise KeyError(wanted)

    def gather_pictures(self) -> tuple[AnyArray, IntArray]:
        """All pictures without gaps between the batches. (M, H, W, C), (M)"""
        if sum(self.batch_sizes.values()) == len(self.x):
            return self.x, self.y
        is_filled = np.zeros(len(self.x), bool)
        for name, count in self.batch_sizes.items():
            start, _ = self._find_place(name)
            is_filled[start : start + count] = True
        return self.x[is_filled], self.y[is_filled]


def read_binary_batch(member: ArchiveMember, layout: FileLayout, labels: LabelLayout) -> tuple[AnyArray, IntArray]:
    """A batch of rows of bytes: labels, then the pixels. (N, C, H, W), (N)"""
    row = layout.label_bytes + NUMBERS_PER_PICTURE
    if member.bytes_left % row:
        raise DataError(
            f"{member.where} has {member.bytes_left:,} bytes: expected a multiple of {row:,}, the bytes of a picture"
        )
    rows = np.frombuffer(member.read(member.bytes_left), np.uint8).reshape(-1, row)
    return split_planes(rows[:, layout.label_bytes :]), check_labels(member, rows[:, labels.byte].tolist(), labels)


def read_pickled_batch(member: ArchiveMember, labels: LabelLayout) -> tuple[AnyArray, IntArray]:
    """A batch of a dictionary: `data` (N, 3072) of bytes, and labels. (N, C, H, W), (N)"""
    content = read_dictionary(member)
    pixels = build_array(member, content.get("data"))
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != NUMBERS_PER_PICTURE:
        found = "none" if pixels is None else f"{pixels.dtype} {pixels.shape}"
        raise DataError(f"{member.where}: expected an array 'data' of uint8 (N, {NUMBERS_PER_PICTURE}), found {found}")
    given = content.get(labels.key)
    array = build_array(member, given)
    if array is not None and array.ndim == 1:
        given = array.tolist()
    if not isinstance(given, list):
        raise DataError(f"{member.where}: expected a list {labels.key!r}, found {describe_type(given)}")
    if len(given) != len(pixels):
        raise DataError(f"{member.where} holds {len(pixels):,} pictures and {len(given):,} {labels.key}")
    return split_planes(pixels), check_labels(member, given, labels)


def read_dictionary(member: ArchiveMember) -> dict[str, Any]:
    """The dictionary in a pickle."""
    content = read_pickle(member)
    if not isinstance(content, dict):
        raise DataError(f"{member.where}: expected a dictionary, found {describe_type(content)}")
    return {decode_text(key): value for key, value in content.items() if not isinstance(key, int)}


def split_planes(pixels: AnyArray) -> AnyArray:
    """(N, 3072) -> (N, C, H, W)"""
    return pixels.reshape(-1, COLOUR_CHANNELS, SIDE_PIXELS, SIDE_PIXELS)


def check_labels(member: ArchiveMember, labels: list[Any], known: LabelLayout) -> IntArray:
    """Labels that are classes. (N)"""
    last = len(known.classes) - 1
    for picture, label in enumerate(labels):
        # the type itself, as True is an int too
        if type(label) is not int or not 0 <= label <= last:
            found = reprlib.repr(label) if isinstance(label, int) else describe_type(label)
            raise DataError(f"{member.where}: the label of picture {picture} is {found}, expected 0 to {last}")
    return np.array(labels, np.int64)


def read_class_names(member: ArchiveMember, layout: FileLayout, labels: LabelLayout) -> tuple[str, ...]:
    """The names of the classes, in the order of their labels."""
    count = len(labels.classes)
    if member.name == layout.meta:
        given = read_dictionary(member).get(labels.names_key)
        texts = given if isinstance(given, list) else []
        names = [decode_text(entry) for entry in texts if isinstance(entry, bytes | str)]
    else:
        lines = decode_text(member.read(member.bytes_left)).splitlines()
        names = [line for line in lines if line]  # the published files end with empty lines
    are_printable = all(name.isprintable() and name for name in names)  # they are shown on terminals
    if len(names) != count or len(set(names)) != count or not are_printable:
        raise DataError(f"{member.where}: expected the names of {count} classes, found {reprlib.repr(names)}")
    return tuple(names)


def describe_type(value: Any) -> str:
    """What a value is, in a word, as it may be too long to be shown."""
    return "nothing" if value is None else f"a value of type {type(value).__name__}"
