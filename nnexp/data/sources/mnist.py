"""MNIST.   M examples"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nnexp.data.dataset import Dataset
from nnexp.data.file_source import FileSource
from nnexp.data.formats import idx
from nnexp.registry import sources
from nnexp.typing import FileName

CLASS_NAMES = tuple("0123456789")


@sources.register("mnist")
@dataclass(frozen=True, slots=True)
class Mnist(FileSource):
    """MNIST: 70,000 handwritten digits of some 500 writers, 28×28 pixels each.

        x[row, column] = the ink of a pixel, 0..255

    x (70000, 28, 28, 1) uint8, or with `flat` (70000, 784); y (70000,). The last 10,000 are the set's own test part.
    `path` names the folder with the four IDX files, such as train-images-idx3-ubyte, compressed by gzip or not. Without
    `path` it is where `nnexp data fetch mnist` puts it.
    Source: LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document Recognition; digits of the
    United States' National Institute of Standards and Technology.
    """

    path: FileName | None = None
    flat: bool = False

    def find_files(self) -> tuple[Path, ...]:
        return idx.find_files("mnist", self.path)

    def read_dataset(self) -> Dataset:
        return idx.read_idx_files("mnist", self.path, CLASS_NAMES, flat=self.flat)
