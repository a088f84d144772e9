"""Reading the four IDX files of MNIST and of sets in its form.

M images in the whole set, N in one file, H W C image
"""

from __future__ import annotations

import gzip
import struct
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from nnexp.data.dataset import Dataset, Description
from nnexp.data.file_source import find_cache_folder, find_path
from nnexp.data.formats.archive import convert_read_errors, is_file
from nnexp.errors import DataError
from nnexp.typing import AnyArray, Shape

IMAGE_SHAPE: Shape = (28, 28, 1)

IMAGES_BY_PART = {"train": 60_000, "t10k": 10_000}
"""The training part, then the test part, and how many images each has as published."""

UNSIGNED_BYTE_CODE = 0x08
"""The code of unsigned bytes in an IDX file."""

GZIP_MAGIC = b"\x1f\x8b"
"""What every gzip file begins with (RFC 1952)."""


def find_folder(name: str, path: str | None) -> Path:
    """The folder with the files of a set. Raises DataError where there is none."""
    found = find_path(path) if path is not None else find_cache_folder() / name
    if path is None and not found.is_dir():
        raise DataError(f"there is no folder {found}: {_format_advice(name)}")
    if not found.is_dir():
        raise DataError(f"{path} is no folder: expected the folder with train-images-idx3-ubyte and its like")
    return found


def find_files(name: str, path: str | None) -> tuple[Path, ...]:
    """The images and the labels of the training part, then of the test part."""
    home = find_folder(name, path)
    found = []
    for part in IMAGES_BY_PART:
        found += [_find_file(name, home, f"{part}-images-idx3"), _find_file(name, home, f"{part}-labels-idx1")]
    return tuple(found)


def _find_file(name: str, home: Path, stem: str) -> Path:
    dotted = stem.replace("-idx", ".idx")
    for spelling in (stem, dotted):
        for ending in ("-ubyte", "-ubyte.gz"):
            if is_file(home / f"{spelling}{ending}"):
                return home / f"{spelling}{ending}"
    raise DataError(
        f"there is no file {home / f'{stem}-ubyte'}, nor one with .gz or as {dotted}-ubyte: {_format_advice(name)}"
    )


def _format_advice(name: str) -> str:
    return f"`nnexp data fetch {name}` brings it, or `path` names the folder that has it"


def read_idx_files(name: str, path: str | None, classes: tuple[str, ...], *, flat: bool) -> Dataset:
    """All images: the training part, then the test part. Raises DataError that names the file that is wrong."""
    files = find_files(name, path)
    images, labels = [], []
    for most, image_file, label_file in zip(IMAGES_BY_PART.values(), files[::2], files[1::2], strict=True):
        pixels = read_array(image_file, IMAGE_SHAPE[:2], most)
        given = read_array(label_file, (), most)
        if len(pixels) != len(given):
            raise DataError(f"{label_file} holds {len(given):,} labels for the {len(pixels):,} images of {image_file}")
        _check_labels(label_file, given, len(classes))
        images.append(pixels)
        labels.append(given)
    shape = (prod(IMAGE_SHAPE),) if flat else IMAGE_SHAPE
    x = np.concatenate(images).reshape(-1, *shape)
    y = np.concatenate(labels).astype(np.int64)
    own_test = len(images[-1])
    return Dataset(x, y, Description(len(x), shape, "classes", classes, own_test=own_test, itemsize=1))


def _check_labels(file: Path, labels: AnyArray, classes: int) -> None:
    wrong = np.flatnonzero(labels >= classes)
    if len(wrong):
        raise DataError(f"{file}: the label of image {wrong[0]} is {labels[wrong[0]]}, expected 0 to {classes - 1}")


def read_array(file: Path, sizes: Shape, most: int) -> AnyArray:
    """The bytes of one IDX file, plain or gzip. (N, *sizes), N at most `most`"""
    with convert_read_errors(file), file.open("rb") as plain:
        # by its content, as some mirrors and browsers unpack a file and leave its name
        packed = plain.read(2) == GZIP_MAGIC
        plain.seek(0)
        return _read_stream(gzip.GzipFile(fileobj=plain) if packed else plain, file, sizes, most)


def _read_stream(stream: IO[bytes] | gzip.GzipFile, file: Path, sizes: Shape, most: int) -> AnyArray:
    dimensions = 1 + len(sizes)
    magic, rest = bytes([0, 0, UNSIGNED_BYTE_CODE, dimensions]), 4 * dimensions
    header = stream.read(4 + rest)
    if header[:4] != magic:
        found = f"it begins with the bytes {header[:4].hex(' ')}" if header else "it is empty"
        raise DataError(f"{file} is no IDX file of bytes with {dimensions} dimensions: {found}, not {magic.hex(' ')}")
    if len(header) < 4 + rest:
        raise DataError(f"{file} is cut short in its header of {4 + rest} bytes")
    count, *found_sizes = struct.unpack(f">{dimensions}I", header[4:])
    if tuple(found_sizes) != sizes:
        raise DataError(f"{file} holds images of {found_sizes[0]} x {found_sizes[1]}: expected {sizes[0]} x {sizes[1]}")
    # before anything of this size is read
    if not 1 <= count <= most:
        raise DataError(f"{file} says that it holds {count:,} examples: expected 1 to {most:,}")
    expected = count * prod(sizes)
    content = stream.read(expected + 1)  # one more tells whether the file goes on
    if len(content) != expected:
        found = "more" if len(content) > expected else f"{len(content):,}"
        raise DataError(f"{file}: {expected:,} bytes are to follow the header, and {found} do")
    return np.frombuffer(content, np.uint8).reshape(count, *sizes)
