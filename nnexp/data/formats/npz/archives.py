"""Arrays by name: those of a .npz file, or the .npy files of a folder."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

from nnexp.data.file_source import find_path
from nnexp.data.formats.npz.members import (
    MAX_DEFLATE_RATIO,
    ArrayMember,
    convert_read_errors,
    format_names,
    read_member,
)
from nnexp.errors import DataError

NPY_SUFFIX = ".npy"
"""The ending of a file with one array."""


class Archive(ABC):
    """Arrays by name; `path` is what the user named."""

    path: str

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The names of all arrays, sorted."""

    @abstractmethod
    def find_member(self, name: str) -> ArrayMember:
        """An array, its header read and checked. Raises DataError where there is none of the name."""

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def _make_missing_error(self, name: str, what: str) -> DataError:
        return DataError(f"{what} no array {name}; it has {format_names(self.names)}")


class NpzArchive(Archive):
    """The arrays of a .npz file. Raises DataError where the file is none."""

    def __init__(self, path: str) -> None:
        self.path, self._file = path, find_path(path)
        if not self._file.is_file():
            what = "a folder" if self._file.is_dir() else "no regular file"
            raise DataError(f"{path} is {what}, not a .npz file")
        with convert_read_errors(path), zipfile.ZipFile(self._file) as archive:
            self._entries = {entry.filename: entry for entry in archive.infolist()}

    @cached_property
    def names(self) -> list[str]:
        return sorted(name.removesuffix(NPY_SUFFIX) for name in self._entries if name.endswith(NPY_SUFFIX))

    def find_member(self, name: str) -> ArrayMember:
        if name not in self:
            raise self._make_missing_error(name, f"{self.path} has")
        entry = self._entries[f"{name}{NPY_SUFFIX}"]
        self._check_entry(name, entry)
        return read_member(self.path, name, entry)

    def _check_entry(self, name: str, entry: zipfile.ZipInfo) -> None:
        """Refuse an entry that says it is larger than a file of this size can hold."""
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{self.path}: the array {name} is compressed in a way that NumPy does not write")
        file_bytes, most = self._file.stat().st_size, entry.compress_size
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            most *= MAX_DEFLATE_RATIO
        if entry.header_offset + entry.compress_size > file_bytes or entry.file_size > most:
            raise DataError(
                f"{self.path}: the array {name} cannot be of {entry.file_size:,} bytes, as the archive says: "
                f"the file has {file_bytes:,}"
            )


class NpyFolder(Archive):
    """The .npy files beside one of them, by their names without the ending."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._folder = find_path(path).parent

    @cached_property
    def names(self) -> list[str]:
        with convert_read_errors(str(self._folder)):
            return sorted(path.stem for path in self._folder.iterdir() if path.suffix == NPY_SUFFIX)

    def find_member(self, name: str) -> ArrayMember:
        if name not in self:
            raise DataError(f"there is no {name}{NPY_SUFFIX} beside {self.path}; there are {format_names(self.names)}")
        file = self._folder / f"{name}{NPY_SUFFIX}"
        if not file.is_file():
            raise DataError(f"{file} is no regular file")
        return read_member(str(file), file.name, None)


def is_npy(path: str) -> bool:
    """Whether a file is of one array, by its ending."""
    return Path(path).suffix == NPY_SUFFIX


def open_archive(path: str) -> Archive:
    """The arrays of a .npz file, or those of the .npy files in the folder of one of them."""
    return NpyFolder(path) if is_npy(path) else NpzArchive(path)
