"""The files of a data set as a run's record has them: what tells, without reading them anew, whether they changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.data.dataset import Source
from nnexp.data.file_source import FileSource, FileStamp, stamp_file
from nnexp.errors import DataError

MAX_CACHED_HASHES = 8
"""Sets of files whose hash is kept: the runs of a sweep that begin together have the same files."""


@dataclass(frozen=True, slots=True)
class FilesRecord:
    """How many files, and SHA-256 of their paths, sizes and times (stamps) and of their names and bytes (contents)."""

    count: int
    stamps: str
    contents: str

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON values."""
        return asdict(self)


def stamp_source(source: Source) -> tuple[FileStamp, ...]:
    """The stamps of a source's files; none of a source that generates its examples. Raises DataError."""
    if not isinstance(source, FileSource):
        return ()
    return tuple(map(stamp_file, source.find_files()))


def record_files(stamps: tuple[FileStamp, ...]) -> FilesRecord | None:
    """What a record says of files that were read when they had these stamps; None where there are none.

    Raises DataError where they changed since: what was read is not what there is.
    """
    if not stamps:
        return None
    contents = _hash_contents(stamps)
    now = _stamp_anew(stamps)
    # A worker keeps its data for hours, and files that were only copied or touched meanwhile hold the same.
    if now != stamps and _hash_contents(now) != contents:
        raise _make_change_error(stamps, now)
    return FilesRecord(len(now), _hash_stamps(now), contents)


def are_files_unchanged(record: Mapping[str, Any], stamps: tuple[FileStamp, ...]) -> bool:
    """Whether files are those of a record. Their bytes are read only where a path, a size or a time differs."""
    if len(stamps) != record["count"]:
        return False
    return _hash_stamps(stamps) == record["stamps"] or _hash_contents(stamps) == record["contents"]


def _stamp_anew(stamps: tuple[FileStamp, ...]) -> tuple[FileStamp, ...]:
    return tuple(stamp_file(Path(path)) for path, _, _ in stamps)


def _make_change_error(before: tuple[FileStamp, ...], now: tuple[FileStamp, ...]) -> DataError:
    path = next(old[0] for old, new in zip(before, now, strict=True) if old != new)
    return DataError(f"{path} changed since it was read; run the command again")


def _hash_stamps(stamps: tuple[FileStamp, ...]) -> str:
    return hashlib.sha256(repr(stamps).encode()).hexdigest()


@lru_cache(maxsize=MAX_CACHED_HASHES)
def _hash_contents(stamps: tuple[FileStamp, ...]) -> str:
    """SHA-256 of the files, each with its name below their common folder: of images the folder is the class.

    Raises DataError where they have not these stamps any more.
    """
    folder = os.path.commonpath([path for path, _, _ in stamps])
    digest = hashlib.sha256()
    for path, size, _ in stamps:
        digest.update(f"{os.path.relpath(path, folder)}\0{size}\0".encode())
        try:
            with Path(path).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from None
    now = _stamp_anew(stamps)
    if now != stamps:
        raise _make_change_error(stamps, now)
    return digest.hexdigest()
