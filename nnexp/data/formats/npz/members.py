"""Arrays in files, whose headers are believed only as far as the file bears them out.

Nothing is unpickled, and no more is read or allocated than a file of this size can hold.
"""

from __future__ import annotations

import struct
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import IO, Any

import numpy as np

from nnexp.data.file_source import find_path
from nnexp.data.formats.same_files import are_alike
from nnexp.errors import DataError, NnexpError
from nnexp.typing import AnyArray, Shape

BLOCK_BYTES = 2**20
"""How much of an array is read at once: what a processor's cache holds."""

MAX_DEFLATE_RATIO = 1032
"""Deflate makes nothing smaller than by this factor (zlib's technical details, "Maximum Compression Factor")."""

LOCAL_HEADER_BYTES = 30
"""The fixed part of what stands before an entry of a zip file; the name and an extra field follow, of these lengths."""

MAX_AXES = 32
"""As many as NumPy has in all its versions."""

READ_KINDS = "fiubUM"
"""The types that are read, by NumPy's letters; M, dates, tell only the order of examples."""

MAX_LISTED_NAMES = 8
"""How many names a message lists."""


@contextmanager
def convert_read_errors(what: str) -> Iterator[None]:
    """Turn whatever a damaged file makes its readers raise into DataError."""
    try:
        yield
    except NnexpError:
        raise
    except OSError as error:
        raise DataError(f"{what} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise DataError(f"{what} does not fit into memory") from None
    except Exception as error:  # noqa: BLE001 - zip files and headers each fail in ways of their own
        kind = ".npy" if what.endswith(".npy") else ".npz"
        raise DataError(f"{what} is damaged, or no {kind} file: {str(error) or type(error).__name__}") from None


@dataclass(frozen=True, slots=True, eq=False)
class ArrayMember:
    """One array: what its header says, held against the size of the entry.

    entry: its place in a .npz file, or None where the file is a .npy file with this array alone. header: the number of
    bytes in front of the numbers. fortran: whether the first index runs fastest in the file.
    """

    path: str
    name: str
    entry: zipfile.ZipInfo | None
    shape: Shape
    dtype: np.dtype[Any]
    fortran: bool
    header: int

    def __str__(self) -> str:
        return self.path if self.entry is None else f"{self.path}: the array {self.name}"

    @property
    def entry_count(self) -> int:
        return prod(self.shape)

    @property
    def content_bytes(self) -> int:
        """The number of bytes behind the header."""
        whole = find_path(self.path).stat().st_size if self.entry is None else self.entry.file_size
        return whole - self.header

    @property
    def is_compressed(self) -> bool:
        """Whether the numbers do not lie in the file as they are."""
        return self.entry is not None and self.entry.compress_type != zipfile.ZIP_STORED

    def is_copy_of(self, other: ArrayMember) -> bool:
        """Whether two arrays hold the same; of a .npz file the checksums tell, without reading it."""
        if self.entry is None or other.entry is None:
            return are_alike([find_path(self.path)], [find_path(other.path)])
        # checksum and length together: two different arrays agree in both once in four thousand million
        return (self.entry.CRC, self.entry.file_size) == (other.entry.CRC, other.entry.file_size)

    def describe_place(self, position: int) -> str:
        """Where in the array a number is, from its position in the file: the example, and the place in it."""
        index = np.unravel_index(position, self.shape, order="F" if self.fortran else "C")
        example, *rest = (int(i) for i in index)
        return f"example {example}, place {rest}" if rest else f"example {example}"

    def read_blocks(self) -> Iterator[tuple[int, AnyArray]]:
        """The entries in the order of the file, some at a time (n), each time with the position of the first.

        They are in the machine's byte order. Raises DataError where the file ends early or its checksum is wrong.
        """
        step = max(1, BLOCK_BYTES // self.dtype.itemsize)
        with convert_read_errors(self.path), open_member(self.path, self.entry) as stream:
            stream.read(self.header)
            for start in range(0, self.entry_count, step):
                yield start, self._read_numbers(stream, min(step, self.entry_count - start))

    def _read_numbers(self, stream: IO[bytes], count: int) -> AnyArray:
        raw = stream.read(count * self.dtype.itemsize)
        if len(raw) < count * self.dtype.itemsize:
            raise DataError(f"{self}: the file ends too early")
        if self.dtype.kind == "b":  # any byte but 0 is true
            return np.frombuffer(raw, np.uint8) != 0
        return np.frombuffer(raw, self.dtype).astype(self.dtype.newbyteorder("="), copy=False)

    def map_array(self) -> AnyArray:
        """The array as it lies in the file, read as it is used. Only of an entry that is not compressed."""
        with convert_read_errors(self.path), find_path(self.path).open("rb") as file:
            offset = self.header
            if self.entry is not None:
                file.seek(self.entry.header_offset)
                # the extra field here may be longer than the one that zipfile knows, from the end of the archive
                name, extra = struct.unpack("<26x2H", file.read(LOCAL_HEADER_BYTES))
                offset += self.entry.header_offset + LOCAL_HEADER_BYTES + name + extra
            return np.memmap(file, self.dtype, "r", offset, self.shape, "F" if self.fortran else "C")


@contextmanager
def open_member(path: str, entry: zipfile.ZipInfo | None) -> Iterator[IO[bytes]]:
    """The bytes of an array, its header first."""
    if entry is None:
        with find_path(path).open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(find_path(path)) as archive, archive.open(entry) as stream:
        yield stream


def read_member(path: str, name: str, entry: zipfile.ZipInfo | None) -> ArrayMember:
    """An array, its header read and checked. Raises DataError."""
    what = path if entry is None else f"{path}: the array {name}"
    with convert_read_errors(what), open_member(path, entry) as stream:
        found = ArrayMember(path, name, entry, *_read_header(stream), stream.tell())
    return _check_member(found)


def _read_header(stream: IO[bytes]) -> tuple[Shape, np.dtype[Any], bool]:
    """Shape, type and whether the order is Fortran's."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0
    if version > (1, 0):  # the length of the header has four bytes; version 3, for names of fields, is refused later
        read = np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a header of Python 2 is read all the same
        shape, fortran, dtype = read(stream)
    return shape, dtype, fortran


def _check_member(member: ArrayMember) -> ArrayMember:
    """The member, if it holds plain entries and as many as its header says."""
    if member.dtype.hasobject:
        raise DataError(f"{member} holds Python objects, which are never read; save numbers or texts")
    if member.dtype.kind not in READ_KINDS or member.dtype.itemsize == 0 or member.dtype.str[1:] in ("f12", "f16"):
        raise DataError(f"{member} holds {member.dtype}; expected numbers of at most 64 bits, booleans or texts")
    # two sizes below 0 have a product above it
    if min(member.shape, default=0) < 0 or len(member.shape) > MAX_AXES:
        raise DataError(f"{member} is damaged: its shape is {member.shape}")
    expected, found = member.entry_count * member.dtype.itemsize, member.content_bytes
    if expected != found:
        raise DataError(
            f"{member} is damaged: its header says {member.shape} of {member.dtype}, which are "
            f"{expected:,} bytes, and there are {found:,}"
        )
    return member


def format_names(names: Sequence[str]) -> str:
    """Some names in words, not too many.

    >>> format_names("abcdefghijk")
    'a, b, c, d, e, f, g, h and 3 more'
    """
    listed = ", ".join(names[:MAX_LISTED_NAMES]) or "none"
    left_out = len(names) - MAX_LISTED_NAMES
    return f"{listed} and {left_out} more" if left_out > 0 else listed
