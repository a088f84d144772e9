"""The sets that can be fetched: where they are published, and what tells that a file is the published one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnexp.data.file_source import find_cache_folder


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One published file: its name, its size in bytes, and its checksum as `algorithm:digits`."""

    name: str
    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class KnownSet:
    """One published set.

    address: where the files are, each by its name.  folder: the one below the cache folder that they are put into, or
    nothing for the cache folder itself.  credit: by whom it is, and under which terms.
    """

    name: str
    address: str
    folder: str
    files: tuple[KnownFile, ...]
    credit: str

    @property
    def total_bytes(self) -> int:
        """The size of all files in bytes."""
        return sum(file.size for file in self.files)

    def path_of(self, file: KnownFile) -> Path:
        """Where a file of the set belongs."""
        return find_cache_folder() / self.folder / file.name

    def count_present_files(self) -> int:
        """How many of the files are where they belong, by their size; their content is not looked at."""
        return sum(_find_size(self.path_of(file)) == file.size for file in self.files)


def _find_size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:  # a cache that may not be entered has no files that we could read
        return None


IDX_FILE_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""The files of a set in the form of MNIST, under the names of its authors."""


def _make_idx_files(sizes: Sequence[int], md5_sums: Sequence[str]) -> tuple[KnownFile, ...]:
    files = []
    for name, size, md5 in zip(IDX_FILE_NAMES, sizes, md5_sums, strict=True):
        files.append(KnownFile(name, size, f"md5:{md5}"))
    return tuple(files)


TORONTO_URL = "https://www.cs.toronto.edu/~kriz/"

TINY_IMAGES_CREDIT = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; no licence is stated"

KNOWN_SETS: dict[str, KnownSet] = {
    known.name: known
    for known in (
        KnownSet(
            "cifar10",
            TORONTO_URL,
            "",
            (KnownFile("cifar-10-python.tar.gz", 170_498_071, "md5:c58f30108f718f92721af3b95e74349a"),),
            TINY_IMAGES_CREDIT,
        ),
        KnownSet(
            "cifar100",
            TORONTO_URL,
            "",
            (KnownFile("cifar-100-python.tar.gz", 169_001_437, "md5:eb9058c3a382ffc7106e4002c42a8d85"),),
            TINY_IMAGES_CREDIT,
        ),
        KnownSet(
            "mnist",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "mnist",
            _make_idx_files(
                (9_912_422, 28_881, 1_648_877, 4_542),
                (
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                ),
            ),
            "LeCun, Cortes & Burges, The MNIST Database of Handwritten Digits; CC BY-SA 3.0",
        ),
        KnownSet(
            "fashion_mnist",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "fashion_mnist",
            _make_idx_files(
                (26_421_880, 29_515, 4_422_102, 5_148),
                (
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
            ),
            "Xiao, Rasul & Vollgraf 2017, Fashion-MNIST; MIT licence, © Zalando SE",
        ),
    )
}
"""Every known set by its name, which is that of the source that reads it."""
