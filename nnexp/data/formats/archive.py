"""The files of a set: the members of its archive, or the same files in a folder.

An archive is read from its beginning to its end, one member at a time, and nothing of it is written to disk. What it
says of itself is not believed: neither its names, nor its sizes.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from nnexp.errors import DataError

MAX_UNPACKED_BYTES = 2**29
"""What an archive may unpack to; of the published ones the largest has 186 MB."""

MAX_MEMBERS = 1000
"""How many members an archive may have; the published ones have fewer than ten."""

READ_ERRORS = (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError)
"""What Python's readers raise for files with bytes changed or cut off."""

PLAIN_ENTRY_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)


@dataclass(slots=True)
class ArchiveMember:
    """One file of a set that is being read: its name, its name for messages, and the bytes that are left of it."""

    name: str
    where: str
    bytes_left: int
    stream: IO[bytes]

    def take_bytes(self, count: int) -> bytes:
        """The next bytes. Raises DataError where there are not as many."""
        if count > self.bytes_left:
            raise DataError(
                f"{self.where} is cut short: {count:,} bytes are to follow where {self.bytes_left:,} are left"
            )
        try:
            content = self.stream.read(count)
        except READ_ERRORS as error:
            raise make_read_error(self.where, error) from None
        if len(content) < count:
            raise DataError(f"{self.where} is cut short: {count:,} bytes are to follow, {len(content):,} do")
        self.bytes_left -= count
        return content


class BoundedGzipFile(gzip.GzipFile):
    """A gzip file that unpacks to no more than MOST_BYTES, however little of it there is on disk."""

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
    try:
        return path.is_file()
    except OSError as error:
        raise make_read_error(path, error) from None


def make_read_error(where: Path | str, error: Exception) -> DataError:
    """The complaint about a file that is forbidden, or not what it says it is."""
    reason = getattr(error, "strerror", None)
    return DataError(f"cannot read {where}: {reason}" if reason else f"{where} is damaged: {error}")


def read_members(path: Path, wanted: Collection[str], largest: int) -> Iterator[ArchiveMember]:
    """The wanted files of an archive, in its order, or of a folder, in the order of `wanted`; some may be missing.

    largest: how many bytes one of them may have.
    """
    found = _read_folder(path, wanted) if path.is_dir() else _read_archive(path, wanted, largest)
    for member in found:
        if member.bytes_left > largest:
            raise DataError(_format_too_large(member.where, member.bytes_left, largest))
        yield member


def _read_folder(folder: Path, wanted: Collection[str]) -> Iterator[ArchiveMember]:
    for name in wanted:
        file = folder / name
        if is_file(file):
            try:
                stream = file.open("rb")
            except OSError as error:
                raise make_read_error(file, error) from None
            with stream:
                yield ArchiveMember(name, str(file), file.stat().st_size, stream)


def _read_archive(path: Path, wanted: Collection[str], largest: int) -> Iterator[ArchiveMember]:
    seen: set[str] = set()
    try:
        with path.open("rb") as file:
            _check_gzip_start(path, file)
            with BoundedGzipFile(fileobj=file) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
                for count, entry in enumerate(archive):
                    name = _check_entry(path, entry, largest)
                    if count == MAX_MEMBERS:
                        raise DataError(f"{path} has more than {MAX_MEMBERS} members, and no published archive has")
                    stream = archive.extractfile(entry) if name in wanted else None
                    if stream is None:
                        continue
                    if name in seen:
                        raise DataError(f"{path} holds {name} twice")
                    seen.add(name)
                    yield ArchiveMember(name, f"{path}: {entry.name}", entry.size, stream)
                while unpacked.read(2**20):  # gzip's checksum stands at the end
                    pass
    except READ_ERRORS as error:
        raise make_read_error(path, error) from None


def _check_gzip_start(path: Path, file: IO[bytes]) -> None:
    beginning = file.read(2)
    if beginning != b"\x1f\x8b":
        found = f"it begins with the bytes {beginning.hex(' ')}" if beginning else "it is empty"
        raise DataError(f"{path} is no .tar.gz archive: {found}, and gzip files begin with 1f 8b")
    file.seek(0)


def _check_entry(path: Path, entry: tarfile.TarInfo, largest: int) -> str:
    """The name of a member, without folders. Raises DataError for what no published archive has."""
    place = PurePosixPath(entry.name)
    if place.is_absolute() or ".." in place.parts:
        raise DataError(f"{path} is refused: its member {entry.name!r} would lie outside of the folder unpacked to")
    if entry.type not in PLAIN_ENTRY_TYPES or entry.issparse():
        raise DataError(f"{path} is refused: its member {entry.name!r} is a link, a device or another special file")
    if not 0 <= entry.size <= largest:
        raise DataError(_format_too_large(f"{path}: {entry.name!r}", entry.size, largest))
    return place.name if entry.isfile() else ""


def _format_too_large(where: str, size: int, largest: int) -> str:
    return f"{where} says that it has {size:,} bytes, and no file of the published set has more than {largest:,}"
