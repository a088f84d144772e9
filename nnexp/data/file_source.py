"""Sets that are read from files."""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import platformdirs

from nnexp.data.dataset import Dataset, DatasetTargets, Description, LabelledExamples, Source
from nnexp.data.formats.same_files import Twin
from nnexp.data.paths import expand_path, explain_absence
from nnexp.data.splits import PartName, Split
from nnexp.errors import DataError

FileStamp: TypeAlias = tuple[str, int, int]
"""A file's absolute path, size, and time of its last change in nanoseconds."""


class FileSource(Source):
    """A set that is read from the user's files; relative paths start at the working directory, ~ and $VAR mean what
    they do in a shell.

    A file's content is not trusted: `read_dataset` checks it and names the file that is wrong, the place in it, and
    what was expected.
    """

    __slots__ = ()

    @abstractmethod
    def find_files(self) -> tuple[Path, ...]:
        """The files, or folders, that hold the set. Raises DataError where one is not there."""

    @abstractmethod
    def read_dataset(self) -> Dataset:
        """All examples, read anew. Raises DataError where something is wrong with them."""

    def read_for(self, split: Split) -> Dataset:
        """All examples as a split needs them, read anew. Raises DataError where it asks for what is not there."""
        raise DataError(f"there is no column {split.key_column!r} to split by; a csv or npz file may have one")

    def depends_on_split(self, split: Split) -> bool:
        """Whether the examples are others, or more is known of them, where a split is given."""
        return bool(split.key_column)

    def passed_over(self) -> str:
        """The files that a user may take for examples but that are skipped, by number and kind; "" where none are."""
        return ""

    def list_decisions(self) -> tuple[str, ...]:
        """What the files were taken for that a user may not expect, a sentence each."""
        return ()

    def find_part_places(self) -> dict[PartName, str]:
        """Where the set's own dev and test parts are from, as far as it has them."""
        return {}

    def twin(self) -> Twin | None:
        """How the set's own test part repeats its training part, or None where it does not."""
        return None

    def describe(self) -> Description:
        return self.load().description

    def load(self) -> Dataset:
        return _read_cached(self, None, tuple(map(stamp_file, self.find_files())))

    def load_for(self, split: Split) -> Dataset:
        if not self.depends_on_split(split):
            return self.load()
        return _read_cached(self, split, tuple(map(stamp_file, self.find_files())))

    def describe_for(self, split: Split) -> Description:
        return self.load_for(split).description if self.depends_on_split(split) else self.describe()


class OwnFileSource(FileSource):
    """A set from files of the user's own, of which there may be others like them, to evaluate a run on."""

    __slots__ = ()

    def read_targets_for(self, split: Split) -> DatasetTargets:
        """What `load_for` gives without its inputs, which are not read where targets can be without them."""
        data = self.load_for(split)
        return DatasetTargets(data.y, data.description, data.split_key)

    @abstractmethod
    def read_labelled(self, path: Path, description: Description) -> LabelledExamples:
        """The examples and targets of another file, or folder, with the classes and inputs of this description.

        The files of the set itself are not read: they may be gone. Raises DataError where the other is not like them.
        """


@lru_cache(maxsize=1)
def _read_cached(source: FileSource, split: Split | None, stamps: tuple[FileStamp, ...]) -> Dataset:
    """The set, kept in memory until another one is read: one command asks for the same set more than once."""
    return source.read_dataset() if split is None else source.read_for(split)


def find_path(path: str | Path) -> Path:
    """A file or folder that is there. Raises DataError where it is not.

    >>> find_path("such.csv")
    Traceback (most recent call last):
    nnexp.errors.DataError: there is no file such.csv
    """
    found = expand_path(path)
    try:
        found.stat()
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise DataError(f"there is no file {path}{explain_absence(path)}") from None
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:  # a path with a null character, which no system has
        raise DataError(f"there is no file {path!r}") from None
    return found


def stamp_file(path: Path) -> FileStamp:
    """What tells whether a file is still the one that was read. Raises DataError where it is gone."""
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    return os.path.abspath(path), found.st_size, found.st_mtime_ns  # noqa: PTH100 - links are not followed


def find_cache_folder() -> Path:
    """Where `nnexp data fetch` puts what it downloads: NNEXP_DATA, or else the user's cache folder."""
    chosen = os.environ.get("NNEXP_DATA")
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_cache_dir("nnexp", appauthor=False))
