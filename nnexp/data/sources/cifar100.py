"""CIFAR-100.   M examples"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nnexp.data.dataset import Dataset
from nnexp.data.file_source import FileSource
from nnexp.data.formats.cifar import read
from nnexp.data.formats.cifar.layouts import FileLayout, LabelLayout
from nnexp.registry import sources
from nnexp.typing import FileName

FILE_LAYOUT = FileLayout(
    title="CIFAR-100",
    fetched="cifar100",
    archives=("cifar-100-python.tar.gz", "cifar-100-binary.tar.gz"),
    folders=("cifar-100-python", "cifar-100-binary"),
    batches=(("train", 50_000), ("test", 10_000)),
    meta="meta",
    label_bytes=2,
    largest=2**28,
)

FINE_CLASS_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""

COARSE_CLASS_NAMES = """
aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture
insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores
medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2
"""

LABEL_LAYOUTS = {
    "coarse": LabelLayout(
        "coarse_labels", 0, "coarse_label_names", "coarse_label_names.txt", tuple(COARSE_CLASS_NAMES.split())
    ),
    "fine": LabelLayout("fine_labels", 1, "fine_label_names", "fine_label_names.txt", tuple(FINE_CLASS_NAMES.split())),
}


@sources.register("cifar100")
@dataclass(frozen=True, slots=True)
class Cifar100(FileSource):
    """CIFAR-100: 60,000 photographs of a hundred kinds of things, 32×32 pixels each in colour.

        x[row, column] = (red, green, blue), each 0..255

    x (60000, 32, 32, 3) uint8; y (60000,). The last 10,000 are the set's own test part. `labels: coarse` takes the 20
    groups of five classes each as classes. `path` names the published archive, cifar-100-python.tar.gz or
    cifar-100-binary.tar.gz, or a folder that one was unpacked to; both versions give the same examples. Without `path`
    it is where `nnexp data fetch cifar100` puts it. An archive is checked and read without being unpacked to disk.
    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images;
    https://www.cs.toronto.edu/~kriz/cifar.html.
    """

    path: FileName | None = None
    labels: Literal["fine", "coarse"] = "fine"

    def find_files(self) -> tuple[Path, ...]:
        return FILE_LAYOUT.find_files(LABEL_LAYOUTS[self.labels], self.path)

    def read_dataset(self) -> Dataset:
        return read.read_cifar(FILE_LAYOUT, LABEL_LAYOUTS[self.labels], self.path)
