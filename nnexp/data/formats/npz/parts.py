"""The arrays of each part: inputs and targets, and those of a set's own dev and test parts.   M examples"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnexp.data.formats.csv.overrides import format_override
from nnexp.data.formats.npz.archives import NPY_SUFFIX, Archive, is_npy
from nnexp.data.formats.npz.members import ArrayMember, format_names
from nnexp.data.formats.npz.numbers import DTYPE_WORDS
from nnexp.data.part_spellings import split_part_name
from nnexp.data.splits import PartName
from nnexp.errors import DataError

INPUT_NAMES = ("x", "images", "image", "imgs", "data", "features", "inputs", "input")
TARGET_NAMES = ("y", "labels", "label", "targets", "target", "class")
"""What people call the arrays, in lower case and without the word train; the likeliest first."""


@dataclass(frozen=True, slots=True)
class ArrayPart:
    """The inputs x (M, ...) and targets y (M, ...) of one part."""

    part: PartName
    x: ArrayMember
    y: ArrayMember

    @property
    def examples(self) -> int:
        return self.x.shape[0]


def find_array_name(path: str, name: str) -> str:
    """The name of an array that a spec names; where `path` is a .npy file, x is that file, and y may have its ending.

    >>> find_array_name("set.npz", "y"), find_array_name("images.npy", "x"), find_array_name("images.npy", "y.npy")
    ('y', 'images', 'y')
    """
    if not is_npy(path):
        return name
    return Path(path).stem if name == "x" else name.removesuffix(NPY_SUFFIX)


def find_parts(archive: Archive, x: str, y: str) -> list[ArrayPart]:
    """The arrays x and y, and those of the own dev and test parts if there are any, in this order, fitting each other.

    Raises DataError.
    """
    _check_named(archive, x, y)
    parts = [_make_part("train", archive.find_member(x), archive.find_member(y))]
    own: tuple[PartName, ...] = ("dev", "test")
    for part in own:
        found = [find_part_array(archive, name, part) for name in (x, y)]
        if not any(found):
            continue
        # one without the other is an error that names it
        names = [name or _make_part_name(of, part) for name, of in zip(found, (x, y), strict=True)]
        parts.append(_make_part(part, *map(archive.find_member, names)))
        _check_same_form(parts[0].x, parts[-1].x)
        _check_same_form(parts[0].y, parts[-1].y)
    return parts


def find_part_array(archive: Archive, name: str, part: PartName) -> str | None:
    """The array of another part that belongs to one: x_test or test_x to x and x_train; None where there is none."""
    stem = _find_stem(name)
    found = [other for other in archive.names if split_part_name(other) == (stem, part)]
    if len(found) > 1:
        raise DataError(f"{archive.path} has several arrays {stem} of the {part} part: {format_names(found)}; keep one")
    return found[0] if found else None


def _find_stem(name: str) -> str:
    stem, part = split_part_name(name)
    return stem if part == "train" else name


def _make_part_name(name: str, part: PartName) -> str:
    """What the array of another part is called as a rule."""
    return f"{_find_stem(name)}_{part}"


def find_usual_names(archive: Archive, path: str) -> dict[str, str]:
    """The arrays that people usually mean by x and y, where none is called so."""
    found = {}
    for key, usual in (("x", INPUT_NAMES), ("y", TARGET_NAMES)):
        near = _find_usual(archive, usual)
        if find_array_name(path, key) not in archive and near:
            found[key] = near
    return found


def _check_named(archive: Archive, x: str, y: str) -> None:
    """Raises DataError where there are no arrays x and y, with those that people usually mean."""
    wanted = {"x": (x, INPUT_NAMES), "y": (y, TARGET_NAMES)}
    missing = {key: (name, usual) for key, (name, usual) in wanted.items() if name not in archive}
    near = {key: _find_usual(archive, usual) for key, (_, usual) in missing.items()}
    if near and all(near.values()):
        # where one of them is not known, that it is missing is all that can be said
        absent = " and ".join(name for name, _ in missing.values())
        noun = "array" if len(missing) == 1 else "arrays"
        remedy = " ".join(format_override(key, name, source="npz") for key, name in near.items())
        what = f"{archive.path} has no {noun} {absent}; it has {format_names(archive.names)}"
        raise DataError(f"{what}; if these are what you mean: {remedy}")


def _find_usual(archive: Archive, usual: Sequence[str]) -> str | None:
    """The array that has one of the usual names."""
    by_stem: dict[str, str] = {}
    for name in archive.names:
        stem, part = split_part_name(name)
        if part in (None, "train"):
            by_stem.setdefault(stem.casefold(), name)
    return next((by_stem[stem] for stem in usual if stem in by_stem), None)


def _make_part(part: PartName, x: ArrayMember, y: ArrayMember) -> ArrayPart:
    """Inputs and targets of as many examples. Raises DataError."""
    check_inputs(x)
    if not x.shape[0]:
        raise DataError(f"{x} holds no examples")
    if y.shape[:1] != x.shape[:1]:
        raise DataError(f"{x} has shape {x.shape} and {y.name} has {y.shape}: expected as many examples")
    return ArrayPart(part, x, y)


def _check_same_form(train: ArrayMember, other: ArrayMember) -> None:
    """Raise DataError where the arrays of the parts could not be one."""
    if (train.shape[1:], DTYPE_WORDS[train.dtype.kind]) != (other.shape[1:], DTYPE_WORDS[other.dtype.kind]):
        raise DataError(
            f"{train} has shape {train.shape} of {train.dtype} and {other.name} has {other.shape} of "
            f"{other.dtype}: expected examples of one shape and type"
        )


def check_inputs(x: ArrayMember) -> None:
    """Raises DataError where an array cannot be inputs."""
    if x.dtype.kind in "UM":
        raise DataError(f"{x} holds {DTYPE_WORDS[x.dtype.kind]}; expected numbers")
    if len(x.shape) < 2 or 0 in x.shape[1:]:
        raise DataError(f"{x} has shape {x.shape}; expected (M, ...), for one number an example (M, 1)")
