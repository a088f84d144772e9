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

MOST_BYTES = 2**29
"""What an archive may unpack to; of the published ones the largest has 186 MB."""

MOST_MEMBERS = 1000
"""How many members an archive may have; the published ones have fewer than ten."""

UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError)
"""What Python's readers raise for files with bytes changed or cut off."""

PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)


@dataclass(slots=True)
class Member:
    """One file of a set that is being read: its name, its name for messages, and the bytes that are left of it."""

    name: str
    where: str
    left: int
    stream: IO[bytes]

    def take(self, count: int) -> bytes:
        """The next bytes. Raises DataError where there are not as many."""
        if count > self.left:
            raise DataError(f"{self.where} is cut short: {count:,} bytes are to follow where {self.left:,} are left")
        try:
            content = self.stream.read(count)
        except UNREADABLE as error:
            raise unreadable(self.where, error) from None
        if len(content) < count:
            raise DataError(f"{self.where} is cut short: {count:,} bytes are to follow, {len(content):,} do")
        self.left -= count
        return content


class Bounded(gzip.GzipFile):
    """A gzip file that unpacks to no more than MOST_BYTES, however little of it there is on disk."""

    def read(self, size: int | None = -1) -> bytes:
        self._check(self.tell() + (MOST_BYTES if size is None or size < 0 else size))
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._check(offset)
        return super().seek(offset, whence)

    def _check(self, end: int) -> None:
        if end > MOST_BYTES:
            raise DataError(f"{self.name} is damaged, or none of the published archives: it unpacks to {end:,} bytes")


def is_file(path: Path) -> bool:
    """Whether a file is there. Raises DataError where that cannot be seen."""
    try:
        return path.is_file()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(where: Path | str, error: Exception) -> DataError:
    """The complaint about a file that is forbidden, or not what it says it is."""
    reason = getattr(error, "strerror", None)
    return DataError(f"cannot read {where}: {reason}" if reason else f"{where} is damaged: {error}")


def members(path: Path, wanted: Collection[str], largest: int) -> Iterator[Member]:
    """The wanted files of an archive, in its order, or of a folder, in the order of `wanted`; some may be missing.

    largest: how many bytes one of them may have.
    """
    found = _unpacked(path, wanted) if path.is_dir() else _archived(path, wanted, largest)
    for member in found:
        if member.left > largest:
            raise DataError(_too_large(member.where, member.left, largest))
        yield member


def _unpacked(folder: Path, wanted: Collection[str]) -> Iterator[Member]:
    for name in wanted:
        file = folder / name
        if is_file(file):
            try:
                stream = file.open("rb")
            except OSError as error:
                raise unreadable(file, error) from None
            with stream:
                yield Member(name, str(file), file.stat().st_size, stream)


def _archived(path: Path, wanted: Collection[str], largest: int) -> Iterator[Member]:
    seen: set[str] = set()
    try:
        with path.open("rb") as file:
            _begins_like_gzip(path, file)
            with Bounded(fileobj=file) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
                for count, entry in enumerate(archive):
                    name = _admitted(path, entry, largest)
                    if count == MOST_MEMBERS:
                        raise DataError(f"{path} has more than {MOST_MEMBERS} members, and no published archive has")
                    stream = archive.extractfile(entry) if name in wanted else None
                    if stream is None:
                        continue
                    if name in seen:
                        raise DataError(f"{path} holds {name} twice")
                    seen.add(name)
                    yield Member(name, f"{path}: {entry.name}", entry.size, stream)
                while unpacked.read(2**20):  # gzip's checksum stands at the end
                    pass
    except UNREADABLE as error:
        raise unreadable(path, error) from None


def _begins_like_gzip(path: Path, file: IO[bytes]) -> None:
    beginning = file.read(2)
    if beginning != b"\x1f\x8b":
        found = f"it begins with the bytes {beginning.hex(' ')}" if beginning else "it is empty"
        raise DataError(f"{path} is no .tar.gz archive: {found}, and gzip files begin with 1f 8b")
    file.seek(0)


def _admitted(path: Path, entry: tarfile.TarInfo, largest: int) -> str:
    """The name of a member, without folders. Raises DataError for what no published archive has."""
    place = PurePosixPath(entry.name)
    if place.is_absolute() or ".." in place.parts:
        raise DataError(f"{path} is refused: its member {entry.name!r} would lie outside of the folder unpacked to")
    if entry.type not in PLAIN or entry.issparse():
        raise DataError(f"{path} is refused: its member {entry.name!r} is a link, a device or another special file")
    if not 0 <= entry.size <= largest:
        raise DataError(_too_large(f"{path}: {entry.name!r}", entry.size, largest))
    return place.name if entry.isfile() else ""


def _too_large(where: str, size: int, largest: int) -> str:
    return f"{where} says that it has {size:,} bytes, and no file of the published set has more than {largest:,}"
