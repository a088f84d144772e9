"""The files of a set: the members of its archive, or the same files in a folder.

An archive is read from its beginning to its end, one member at a time. Nothing of it is written to disk, so that a
member's folder does not matter, and no size that it states is believed.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from nnexp.errors import DataError

MAX_UNPACKED_BYTES = 2**29
"""What an archive may unpack to; of the published ones the largest has 186 MB."""

READ_BYTES = 2**20
"""What is read of an archive at once where nothing of it is kept."""

MAX_MEMBERS = 1000
"""How many members an archive may have; the published ones have fewer than ten."""

READ_ERRORS = (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError)
"""What Python's readers raise for files with bytes changed or cut off."""


def make_read_error(where: Path | str, error: Exception) -> DataError:
    """The complaint about a file that may not be read, or that is not what it should be."""
    # what the system refuses has a text of its own; gzip raises OSError for damage as well, without one
    reason = getattr(error, "strerror", None)
    return DataError(f"cannot read {where}: {reason}" if reason else f"{where} is damaged: {error}")


@contextmanager
def convert_read_errors(where: Path | str) -> Iterator[None]:
    """Raise DataError for whatever Python's readers raise."""
    try:
        yield
    except READ_ERRORS as error:
        raise make_read_error(where, error) from None


@dataclass(slots=True)
class ArchiveMember:
    """One file of a set that is being read: its name, its name for messages, and the bytes that are left of it."""

    name: str
    where: str
    bytes_left: int
    stream: IO[bytes]

    def read(self, count: int) -> bytes:
        """The next bytes. Raises DataError where there are not as many."""
        # asked first: a reader makes room for `count` bytes before it sees that there are fewer
        if count > self.bytes_left:
            raise DataError(
                f"{self.where} is cut short: {count:,} bytes are to follow where {self.bytes_left:,} are left"
            )
        try:  # no context manager, as this runs a million times for a pickle
            content = self.stream.read(count)
        except READ_ERRORS as error:
            raise make_read_error(self.where, error) from None
        if len(content) < count:
            raise DataError(f"{self.where} is cut short: {count:,} bytes are to follow, {len(content):,} do")
        self.bytes_left -= count
        return content

    def readline(self) -> bytes:
        """The bytes up to the end of the line, or of the file."""
        with convert_read_errors(self.where):
            line = self.stream.readline()
        self.bytes_left -= len(line)
        return line


class BoundedGzipFile(gzip.GzipFile):
    """A gzip file that unpacks to no more than MAX_UNPACKED_BYTES, however little of it there is on disk."""

    def read(self, size: int | None = -1) -> bytes:
        self._check_position(self.tell() + (MAX_UNPACKED_BYTES if size is None or size < 0 else size))
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._check_position(offset)
        return super().seek(offset, whence)

    def _check_position(self, end: int) -> None:
        if end > MAX_UNPACKED_BYTES:
            raise DataError(f"{self.name} is damaged, or none of the published archives: it unpacks to {end:,} bytes")


def is_file(path: Path) -> bool:
    """Whether a file is there. Raises DataError where that cannot be seen."""
    with convert_read_errors(path):
        return path.is_file()


def read_members(path: Path, wanted: Collection[str], largest: int) -> Iterator[ArchiveMember]:
    """The wanted files of an archive, in its order, or of a folder, in the order of `wanted`; some may be missing.

    largest: how many bytes one of them may have.
    """
    return _read_folder(path, wanted, largest) if path.is_dir() else _read_archive(path, wanted, largest)


def _read_folder(folder: Path, wanted: Collection[str], largest: int) -> Iterator[ArchiveMember]:
    for name in wanted:
        file = folder / name
        if is_file(file):
            with convert_read_errors(file):
                stream, size = file.open("rb"), file.stat().st_size
            with stream:
                _check_size(str(file), size, largest)
                yield ArchiveMember(name, str(file), size, stream)


def _read_archive(path: Path, wanted: Collection[str], largest: int) -> Iterator[ArchiveMember]:
    with (
        convert_read_errors(path),
        BoundedGzipFile(path) as unpacked,
        tarfile.open(fileobj=unpacked, mode="r:") as archive,
    ):
        for count, entry in enumerate(archive):
            if count == MAX_MEMBERS:
                raise DataError(f"{path} has more than {MAX_MEMBERS} members, and no published archive has")
            # of every member, as the place of the next one follows from it
            _check_size(f"{path}: {entry.name!r}", entry.size, largest)
            name = PurePosixPath(entry.name).name
            stream = archive.extractfile(entry) if entry.isfile() and name in wanted else None
            if stream is not None:
                yield ArchiveMember(name, f"{path}: {entry.name}", entry.size, stream)
        while unpacked.read(READ_BYTES):  # gzip's checksum stands at the end
            pass


def _check_size(where: str, size: int, largest: int) -> None:
    if not 0 <= size <= largest:
        raise DataError(
            f"{where} says that it has {size:,} bytes, and no file of the published set has more than {largest:,}"
        )
