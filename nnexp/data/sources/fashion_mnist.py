"""Fashion-MNIST.   M examples"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nnexp.data.dataset import Dataset
from nnexp.data.file_source import FileSource
from nnexp.data.formats import idx
from nnexp.registry import sources
from nnexp.typing import FileName

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@sources.register("fashion_mnist")
@dataclass(frozen=True, slots=True)
class FashionMnist(FileSource):
    """Fashion-MNIST: 70,000 pictures of clothes, shoes and bags, 28×28 pixels each, in the form of MNIST.

        x[row, column] = the grey of a pixel, 0..255, on black

    x (70000, 28, 28, 1) uint8, or with `flat` (70000, 784); y (70000,). The last 10,000 are the set's own test part.
    `path` names the folder with the four IDX files, which have the names of MNIST's. Without `path` it is where `nnexp
    data fetch fashion_mnist` puts it.
    Source: Xiao, Rasul & Vollgraf 2017, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms; https://github.com/zalandoresearch/fashion-mnist.
    """

    path: FileName | None = None
    flat: bool = False

    def find_files(self) -> tuple[Path, ...]:
        return idx.find_files("fashion_mnist", self.path)

    def read_dataset(self) -> Dataset:
        return idx.read_idx_files("fashion_mnist", self.path, CLASS_NAMES, flat=self.flat)
