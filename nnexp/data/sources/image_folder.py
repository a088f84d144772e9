"""Images in folders.   M images, H W C image"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import doc

from nnexp.data.class_names import check_names
from nnexp.data.dataset import Dataset, Description, LabelledExamples
from nnexp.data.file_source import OwnFileSource, find_path
from nnexp.data.formats.images import (
    ImageConversion,
    count_by_ending,
    find_images,
    format_path,
    list_folder,
    other_files,
    read_images,
)
from nnexp.data.formats.same_files import NOTHING_SAID, Twin, are_alike, twin_of
from nnexp.errors import DataError
from nnexp.registry import sources
from nnexp.typing import Count, FileName
from nnexp.wording import suggest_nearest

ImageSize: TypeAlias = Annotated[Count | tuple[Count, Count], doc("a whole number ≥ 1, or [height, width]")]

PART_FOLDERS = ["test", "train"]
"""The only folders of a set that comes in these two parts."""


@dataclass(frozen=True, slots=True)
class ImageTree:
    """The images of each class; those of the set's own test part come last."""

    classes: tuple[str, ...]
    train: tuple[tuple[Path, ...], ...]
    test: tuple[tuple[Path, ...], ...]

    @property
    def images(self) -> list[Path]:
        """All images, class by class."""
        return list(chain(*self.train, *self.test))

    @property
    def own(self) -> list[Path]:
        """The images of the set's own test part."""
        return list(chain(*self.test))

    @property
    def own_test(self) -> int:
        """How many images are the set's own test part."""
        return len(self.own)


@sources.register("image_folder")
@dataclass(frozen=True, slots=True)
class ImageFolder(OwnFileSource):
    """Images in folders, one folder for each class.

        x[m] = the m-th image of path/class/*, the classes and in each the images by name

    x (M, H, W, C) uint8 in red, green, blue, or with `color: gray` of one channel; y (M,). Endings are .png .jpg .jpeg
    .bmp .gif .webp .tif .tiff; other files and hidden ones are passed over, folders within a class's folder are not.
    `test` is such a folder too, the set's own test part; where `path` has just the folders train and test, they are
    taken so. Links that leave `path` are refused.

    Images are turned upright as their camera says, transparent ones laid on white, 16 bits cut to the upper 8, and of
    several frames the first is taken. `size` is that of all of them: `resize: crop` scales until the image covers it
    and cuts out the middle, `stretch` changes proportions; both are bilinear, over all pixels where they shrink.
    Needs the extra `data`. Source: the layout is that of torchvision's ImageFolder.
    """

    path: FileName
    size: ImageSize = 32
    color: Literal["rgb", "gray"] = "rgb"
    resize: Literal["crop", "stretch"] = "crop"
    test: FileName | None = None

    @property
    def conversion(self) -> ImageConversion:
        """How every image is made the same."""
        height, width = (self.size, self.size) if isinstance(self.size, int) else self.size
        return ImageConversion(height, width, self.color, self.resize)

    def find_files(self) -> tuple[Path, ...]:
        return tuple(self._find_tree().images)

    def passed_over(self) -> str:
        # a dictionary has each folder once, in order
        classes = dict.fromkeys(image.parent for image in self._find_tree().images)
        folders = [*classes, *dict.fromkeys(folder.parent for folder in classes)]
        found = list(chain.from_iterable(map(other_files, folders)))
        return count_by_ending(found) if found else ""

    def twin(self) -> Twin | None:
        found = None if self.test is None else twin_of(self.path, self.test)
        if found:
            return found
        tree = self._find_tree()
        pairs = zip(tree.train, tree.test, strict=False)  # there is no test part where the second is empty
        if not tree.own_test or not all(are_alike(train, test) for train, test in pairs):
            return None
        message = f"{format_path(tree.own[0].parent.parent)} holds, byte for byte, the images of the training part"
        return Twin("test" if self.test else "path", f"{message}: {NOTHING_SAID}", of_data=True)

    def describe(self) -> Description:
        """What the names say; no image is opened."""
        return self._describe_tree(self._find_tree())

    def read_dataset(self) -> Dataset:
        tree = self._find_tree()
        labels: list[int] = []
        for part in (tree.train, tree.test):
            for label, images in enumerate(part):
                labels += [label] * len(images)
        y = np.array(labels, np.int64)
        return Dataset(read_images(tree.images, self.conversion), y, self._describe_tree(tree))

    def read_labelled(self, path: Path, description: Description) -> LabelledExamples:
        root = find_path(path)
        found = find_class_images(root, root)
        strange = [name for name in found if name not in description.classes]
        if strange:
            near = suggest_nearest(strange[0], description.classes)
            raise DataError(f"{format_path(root / strange[0])} is of a class that the run was not trained on; {near}")
        images: list[Path] = []
        labels: list[int] = []
        for name, own in found.items():
            images += own
            labels += [description.classes.index(name)] * len(own)
        return LabelledExamples(read_images(images, self.conversion), np.array(labels, np.int64))

    def _describe_tree(self, tree: ImageTree) -> Description:
        examples, shape = len(tree.images), self.conversion.shape
        return Description(examples, shape, "classes", tree.classes, own_test=tree.own_test, itemsize=1)

    def _find_tree(self) -> ImageTree:
        """What is there. Raises DataError where the folders are not as they should be."""
        root = find_path(self.path)
        if self.test is not None:
            test = find_path(self.test)
            return build_tree(root, root, test, test)
        folders, stray = list_folder(root, root)
        # other folders beside these two, or images, make them classes like any
        if [folder.name for folder in folders] == PART_FOLDERS and not stray:
            return build_tree(root / "train", root, root / "test", root)
        return build_tree(root, root)


def build_tree(train: Path, root: Path, test: Path | None = None, test_root: Path | None = None) -> ImageTree:
    """The images in the folders of two parts, each with the folder that its links may not leave."""
    found = find_class_images(train, root)
    names = check_names(list(found), f"{format_path(train)}, which holds a folder for each class")
    if test is None or test_root is None:
        return ImageTree(names, tuple(found.values()), ())
    own = find_class_images(test, test_root)
    # the other way round is no error: a test part may lack a class
    strange = [name for name in own if name not in found]
    if strange:
        raise DataError(f"{format_path(test / strange[0])} is of a class that {format_path(train)} has no folder of")
    return ImageTree(names, tuple(found.values()), tuple(own.get(name, ()) for name in names))


def find_class_images(folder: Path, root: Path) -> dict[str, tuple[Path, ...]]:
    """The images of each class, whose name is that of its folder. Raises DataError."""
    classes, stray = list_folder(folder, root)
    if stray:
        raise DataError(f"{format_path(stray[0])} lies beside the folders; each image lies in the folder of its class")
    if not classes:
        raise DataError(f"{format_path(folder)} has no folders; expected one for each class, with its images")
    return {path.name: find_images(path, root) for path in classes}
