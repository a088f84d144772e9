"""How CIFAR-10 and CIFAR-100 are published, and where they are on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nnexp.data.file_source import find_cache_folder, find_path
from nnexp.data.formats.archive import is_file
from nnexp.errors import DataError


@dataclass(frozen=True, slots=True)
class LabelLayout:
    """Where the labels and the names of their classes stand.

    key, names_key: in the pickles. byte: which one before the pixels in the binary version. names_file: the file with
    the names there. classes: the published names, for archives and folders without them.
    """

    key: str
    byte: int
    names_key: str
    names_file: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The files of a set: its batches with their numbers of pictures, in order, of which the last is the test part.

    label_bytes: before the pixels of a picture in the binary version. largest: more bytes than one of the files has.
    fetched: the set's name in `nnexp data fetch`.
    """

    title: str
    fetched: str
    archives: tuple[str, ...]
    folders: tuple[str, ...]
    batches: tuple[tuple[str, int], ...]
    meta: str
    label_bytes: int
    largest: int

    @property
    def batch_names(self) -> tuple[str, ...]:
        """The batches' names, which have .bin after them in the binary version."""
        return tuple(name for name, _ in self.batches)

    @property
    def batch_files(self) -> tuple[str, ...]:
        """The files of the batches, of both versions."""
        return self.batch_names + tuple(f"{name}.bin" for name in self.batch_names)

    def list_wanted(self, labels: LabelLayout) -> tuple[str, ...]:
        """Every file that is read, of both versions."""
        return (*self.batch_files, self.meta, labels.names_file)

    def find_home(self, path: str | None) -> Path:
        """The archive, or the folder with the batches. Raises DataError where there is neither."""
        if path is None:
            return self._find_cached()
        found = find_path(path)
        if is_file(found):
            return found
        if not found.is_dir():
            raise DataError(f"{path} is neither an archive nor a folder")
        folder = self._first_with_batches([found, *(found / name for name in self.folders)])
        if not folder:
            raise DataError(f"the folder {path} {self.describe_missing(self.batch_names)}")
        return folder

    def find_files(self, labels: LabelLayout, path: str | None) -> tuple[Path, ...]:
        """The archive, or the files of the folder."""
        home = self.find_home(path)
        if home.is_dir():
            return tuple(find_present(home, self.list_wanted(labels)))
        return (home,)

    def describe_missing(self, missing: tuple[str, ...]) -> str:
        """The complaint about missing batches."""
        what = f"lacks {', '.join(missing)}"
        if missing == self.batch_names:
            what = f"holds no batch of {self.title}"
        return f"{what}: expected {', '.join(self.batch_names)}, or the same with .bin"

    def _find_cached(self) -> Path:
        cache = find_cache_folder()
        archives = find_present(cache, self.archives)
        if archives:
            return archives[0]
        folder = self._first_with_batches([cache / name for name in self.folders])
        if folder:
            return folder
        looked = ", ".join((*self.archives, *self.folders))
        advice = f"`nnexp data fetch {self.fetched}` brings it, or `path` names an archive or a folder"
        raise DataError(f"{self.title} is not in {cache}, where {looked} were looked for: {advice}")

    def _first_with_batches(self, folders: Iterable[Path]) -> Path | None:
        for folder in folders:
            if find_present(folder, self.batch_files):
                return folder
        return None


def find_present(folder: Path, names: Iterable[str]) -> list[Path]:
    """Those of some files that are in a folder."""
    paths = [folder / name for name in names]
    return list(filter(is_file, paths))
