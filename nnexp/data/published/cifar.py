"""Reading CIFAR-10 and CIFAR-100 in their python and binary versions.

M pictures in the whole set, N in one batch, K classes, H W C image
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnexp.data.base import Dataset, Description
from nnexp.data.published.layouts import Labels, Layout
from nnexp.data.published.members import Member, members
from nnexp.data.published.unpickling import Stored, text, unpickled
from nnexp.errors import DataError
from nnexp.typing import AnyArray, IntArray, Shape

SHAPE: Shape = (32, 32, 3)
SIDE, COLOURS = 32, 3
PIXELS = COLOURS * SIDE * SIDE


def read(layout: Layout, labels: Labels, path: str | None) -> Dataset:
    """All pictures: the training batches in their order, then the test batch.

    Raises DataError that names the file, and in an archive the member, which is missing or wrong.
    """
    home = layout.home(path)
    room, classes = Room(layout), labels.classes
    for member in members(home, layout.wanted(labels), layout.largest):
        if member.name in (layout.meta, labels.names_file):
            classes = names(member, layout, labels)
        elif member.name.endswith(".bin"):
            room.put(member, *binary(member, layout, labels))
        else:
            room.put(member, *pickled(member, labels))
    missing = tuple(name for name in layout.names if name not in room.held)
    if missing:
        raise DataError(f"{home} {layout.lacking(missing)}")
    x, y = room.gathered()
    own_test = room.held[layout.names[-1]]
    return Dataset(x, y, Description(len(x), SHAPE, "classes", classes, own_test=own_test, itemsize=1))


@dataclass(slots=True, eq=False)
class Room:
    """Room for as many pictures as were published, in which each batch has its place, in whatever order they come.

    Nothing is copied a second time where the batches are of the published sizes. What stays empty takes no memory.
    """

    layout: Layout
    x: AnyArray = field(init=False)
    y: IntArray = field(init=False)
    held: dict[str, int] = field(default_factory=dict)
    version: str | None = None

    def __post_init__(self) -> None:
        size = sum(most for _, most in self.layout.batches)
        self.x, self.y = np.empty((size, *SHAPE), np.uint8), np.empty(size, np.int64)

    def put(self, member: Member, planes: AnyArray, labels: IntArray) -> None:
        """Store one batch, whose planes of colour are (N, C, H, W)."""
        name, dot, _ = member.name.partition(".")
        version = "binary" if dot else "python"
        if self.version not in (None, version):
            raise DataError(f"{member.where}: the python and the binary version are mixed here")
        self.version = version
        start, most = self._place(name)
        if not 1 <= len(planes) <= most:
            raise DataError(f"{member.where} holds {len(planes):,} pictures: expected 1 to {most:,}")
        place = slice(start, start + len(planes))
        for colour in range(COLOURS):
            self.x[place, :, :, colour] = planes[:, colour]
        self.y[place] = labels
        self.held[name] = len(planes)

    def _place(self, wanted: str) -> tuple[int, int]:
        """Where a batch begins, and how many pictures it may have."""
        start = 0
        for name, most in self.layout.batches:
            if name == wanted:
                return start, most
            start += most
        raise KeyError(wanted)

    def gathered(self) -> tuple[AnyArray, IntArray]:
        """All pictures without gaps between the batches. (M, H, W, C), (M)"""
        if sum(self.held.values()) == len(self.x):
            return self.x, self.y
        places = [(self._place(name)[0], self.held[name]) for name in self.layout.names]
        rows = np.concatenate([np.arange(start, start + count) for start, count in places])
        return self.x[rows], self.y[rows]


def binary(member: Member, layout: Layout, labels: Labels) -> tuple[AnyArray, IntArray]:
    """A batch of rows of bytes: labels, then the pixels. (N, C, H, W), (N)"""
    row = layout.label_bytes + PIXELS
    if member.left % row:
        raise DataError(
            f"{member.where} has {member.left:,} bytes: expected a multiple of {row:,}, the bytes of a picture"
        )
    rows = np.frombuffer(member.take(member.left), np.uint8).reshape(-1, row)
    return planar(rows[:, layout.label_bytes :]), checked(member, rows[:, labels.byte].tolist(), labels)


def pickled(member: Member, labels: Labels) -> tuple[AnyArray, IntArray]:
    """A batch of a dictionary: `data` (N, 3072) of bytes, and labels. (N, C, H, W), (N)"""
    content = entries(member)
    data = content.get("data")
    pixels = data.array if isinstance(data, Stored) else None
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        found = f"{pixels.dtype} {pixels.shape}" if pixels is not None else "none"
        raise DataError(f"{member.where}: expected an array 'data' of uint8 (N, {PIXELS}), found {found}")
    given = content.get(labels.key)
    if isinstance(given, Stored) and given.array is not None and given.array.ndim == 1:
        given = given.array.tolist()
    if not isinstance(given, list):
        raise DataError(f"{member.where}: expected a list {labels.key!r}, found {kind_of(given)}")
    if len(given) != len(pixels):
        raise DataError(f"{member.where} holds {len(pixels):,} pictures and {len(given):,} {labels.key}")
    return planar(pixels), checked(member, given, labels)


def entries(member: Member) -> dict[str, Any]:
    """The dictionary in a pickle."""
    content = unpickled(member)
    if not isinstance(content, dict):
        raise DataError(f"{member.where}: expected a dictionary, found {kind_of(content)}")
    return {text(key): value for key, value in content.items() if not isinstance(key, int)}


def planar(pixels: AnyArray) -> AnyArray:
    """(N, 3072) -> (N, C, H, W)"""
    return pixels.reshape(-1, COLOURS, SIDE, SIDE)


def checked(member: Member, labels: list[Any], known: Labels) -> IntArray:
    """Labels that are classes. (N)"""
    last = len(known.classes) - 1
    for picture, label in enumerate(labels):
        if type(label) is not int or not 0 <= label <= last:
            found = reprlib.repr(label) if isinstance(label, int) else kind_of(label)
            raise DataError(f"{member.where}: the label of picture {picture} is {found}, expected 0 to {last}")
    return np.array(labels, np.int64)


def names(member: Member, layout: Layout, labels: Labels) -> tuple[str, ...]:
    """The names of the classes, in the order of their labels."""
    count = len(labels.classes)
    if member.name == layout.meta:
        given = entries(member).get(labels.names_key)
        found = [entry for entry in given if isinstance(entry, bytes | str)] if isinstance(given, list) else []
        lines = [text(entry) for entry in found]
    else:
        lines = [line for line in text(member.take(member.left)).splitlines() if line]
    if len(lines) != count or len(set(lines)) != count or not all(line.isprintable() and line for line in lines):
        raise DataError(f"{member.where}: expected the names of {count} classes, found {reprlib.repr(lines)}")
    return tuple(lines)


def kind_of(value: Any) -> str:
    """What a value is, in a word, as it may be too long to be shown."""
    return "nothing" if value is None else f"a value of type {type(value).__name__}"
