"""CIFAR-10.   M examples"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nnexp.data.dataset import Dataset
from nnexp.data.file_source import FileSource
from nnexp.data.formats.cifar import read
from nnexp.data.formats.cifar.layouts import FileLayout, LabelLayout
from nnexp.registry import sources
from nnexp.typing import FileName

FILE_LAYOUT = FileLayout(
    title="CIFAR-10",
    fetched="cifar10",
    archives=("cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"),
    folders=("cifar-10-batches-py", "cifar-10-batches-bin"),
    batches=(*((f"data_batch_{number}", 10_000) for number in range(1, 6)), ("test_batch", 10_000)),
    meta="batches.meta",
    label_bytes=1,
    largest=2**26,
)

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
LABEL_LAYOUT = LabelLayout("labels", 0, "label_names", "batches.meta.txt", CLASS_NAMES)


@sources.register("cifar10")
@dataclass(frozen=True, slots=True)
class Cifar10(FileSource):
    """CIFAR-10: 60,000 photographs of ten kinds of animals and vehicles, 32×32 pixels each in colour.

        x[row, column] = (red, green, blue), each 0..255

    x (60000, 32, 32, 3) uint8; y (60000,). The last 10,000 are the set's own test part. `path` names the published
    archive, cifar-10-python.tar.gz or cifar-10-binary.tar.gz, or a folder that one was unpacked to; both versions give
    the same examples. Without `path` it is where `nnexp data fetch cifar10` puts it. An archive is checked and read
    without being unpacked to disk.
    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images;
    https://www.cs.toronto.edu/~kriz/cifar.html.
    """

    path: FileName | None = None

    def find_files(self) -> tuple[Path, ...]:
        return FILE_LAYOUT.find_files(LABEL_LAYOUT, self.path)

    def read_dataset(self) -> Dataset:
        return read.read_cifar(FILE_LAYOUT, LABEL_LAYOUT, self.path)
