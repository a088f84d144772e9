"""Images in folders.   M images, H W C image"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import doc

from nnexp.data.class_names import check_names
from nnexp.data.dataset import Dataset, DatasetTargets, Description, LabelledExamples
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
from nnexp.data.part_spellings import find_part
from nnexp.data.splits import PART_NAMES, PartName, Split
from nnexp.errors import DataError
from nnexp.registry import sources
from nnexp.typing import Count, FileName, IntArray
from nnexp.wording import suggest_nearest

ImageSize: TypeAlias = Annotated[Count | tuple[Count, Count], doc("a whole number ≥ 1, or [height, width]")]


@dataclass(frozen=True, slots=True)
class ImagePart:
    """The images of one part, which lie in `folder`, class by class."""

    part: PartName
    folder: Path
    classes: tuple[tuple[Path, ...], ...]

    @property
    def images(self) -> list[Path]:
        return list(chain(*self.classes))


@dataclass(frozen=True, slots=True)
class ImageTree:
    """The images of each class in every part: the training part, then the set's own dev and test parts."""

    classes: tuple[str, ...]
    parts: tuple[ImagePart, ...]

    @property
    def images(self) -> list[Path]:
        """All images, part by part and class by class."""
        return list(chain.from_iterable(part.images for part in self.parts))

    def count_images(self, part: PartName) -> int:
        """How many images are of a part."""
        return sum(len(found.images) for found in self.parts if found.part == part)

    def make_labels(self) -> IntArray:
        """The class of each image (M,)."""
        labels: list[int] = []
        for part in self.parts:
            for label, images in enumerate(part.classes):
                labels += [label] * len(images)
        return np.array(labels, np.int64)


@sources.register("image_folder")
@dataclass(frozen=True, slots=True)
class ImageFolder(OwnFileSource):
    """Images in folders, one folder for each class.

        x[m] = the m-th image of path/class/*, the classes and in each the images by name

    x (M, H, W, C) uint8 in red, green, blue, or with `color: gray` of one channel; y (M,). Endings are .png .jpg .jpeg
    .bmp .gif .webp .tif .tiff; other files and hidden ones are passed over, folders within a class's folder are not.
    `dev` and `test` are such folders too, the set's own dev and test parts; where `path` has just the folder train and
    val, test or both, they are taken so, as are training, dev, valid, validation, testing and eval, in capitals or not.
    Links that leave `path` are refused.

    Images are turned upright as their camera says, transparent ones laid on white, 16 bits cut to the upper 8, and of
    several frames the first is taken. `size` is that of all of them: `resize: crop` scales until the image covers it
    and cuts out the middle, `stretch` changes proportions; both are bilinear, over all pixels where they shrink.
    Needs the extra `data`. Source: the layout is that of torchvision's ImageFolder.
    """

    path: FileName
    size: ImageSize = 32
    color: Literal["rgb", "gray"] = "rgb"
    resize: Literal["crop", "stretch"] = "crop"
    dev: FileName | None = None
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
        for parameter, path in self._list_named_parts():
            found = twin_of(self.path, path)
            if found:
                return replace(found, parameter=parameter)
        train, *others = self._find_tree().parts
        for own in others:
            if all(are_alike(images, others) for images, others in zip(train.classes, own.classes, strict=True)):
                message = f"{format_path(own.folder)} holds, byte for byte, the images of the training part"
                is_named = own.part in dict(self._list_named_parts())
                return Twin(own.part if is_named else "path", f"{message}: {NOTHING_SAID}", of_data=True)
        return None

    def find_part_places(self) -> dict[PartName, str]:
        return {own.part: format_path(own.folder) for own in self._find_tree().parts[1:]}

    def describe(self) -> Description:
        """What the names say; no image is opened."""
        return self._describe_tree(self._find_tree())

    def read_dataset(self) -> Dataset:
        tree = self._find_tree()
        return Dataset(read_images(tree.images, self.conversion), tree.make_labels(), self._describe_tree(tree))

    def read_targets_for(self, split: Split) -> DatasetTargets:
        tree = self._find_tree()
        return DatasetTargets(tree.make_labels(), self._describe_tree(tree))

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
        own_dev, own_test = tree.count_images("dev"), tree.count_images("test")
        shape = self.conversion.shape
        return Description(
            len(tree.images), shape, "classes", tree.classes, own_test=own_test, own_dev=own_dev, itemsize=1
        )

    def _list_named_parts(self) -> list[tuple[PartName, str]]:
        """The own parts whose folders the spec names."""
        named: list[tuple[PartName, str | None]] = [("dev", self.dev), ("test", self.test)]
        return [(part, path) for part, path in named if path is not None]

    def _find_tree(self) -> ImageTree:
        """What is there. Raises DataError where the folders are not as they should be."""
        root = find_path(self.path)
        named = self._list_named_parts()
        if named:
            folders = {part: find_path(path) for part, path in named}
            return build_tree(root, folders, {"train": root, **folders})
        folders = find_part_folders(root)
        if "train" not in folders:
            return build_tree(root, {}, {"train": root})
        train = folders.pop("train")
        return build_tree(train, folders, dict.fromkeys(PART_NAMES, root))


def find_part_folders(root: Path) -> dict[PartName, Path]:
    """The folders of the parts, where a folder has these and nothing else; empty where it has others, or images.

    Raises DataError where two are of one part.
    """
    folders, stray = list_folder(root, root)
    found: dict[PartName, Path] = {}
    for folder in folders:
        part = find_part(folder.name)
        if part is None or stray:
            return {}  # other folders beside these, or images, make them classes like any
        if part in found:
            both = f"{format_path(found[part])} and {format_path(folder)}"
            raise DataError(f"{both} are both the {part} part; keep one of them")
        found[part] = folder
    return found if len(found) > 1 else {}


def build_tree(train: Path, own: Mapping[PartName, Path], roots: Mapping[PartName, Path]) -> ImageTree:
    """The images in the folders of the parts; `roots` are the folders that the links of each may not leave."""
    found = find_class_images(train, roots["train"])
    names = check_names(list(found), f"{format_path(train)}, which holds a folder for each class")
    parts = [ImagePart("train", train, tuple(found.values()))]
    for part in PART_NAMES:
        if part not in own:
            continue
        images = find_class_images(own[part], roots[part])
        # the other way round is no error: another part may lack a class
        strange = [name for name in images if name not in found]
        if strange:
            where = format_path(own[part] / strange[0])
            raise DataError(f"{where} is of a class that {format_path(train)} has no folder of")
        parts.append(ImagePart(part, own[part], tuple(images.get(name, ()) for name in names)))
    return ImageTree(names, tuple(parts))


def find_class_images(folder: Path, root: Path) -> dict[str, tuple[Path, ...]]:
    """The images of each class, whose name is that of its folder. Raises DataError."""
    classes, stray = list_folder(folder, root)
    if stray:
        raise DataError(f"{format_path(stray[0])} lies beside the folders; each image lies in the folder of its class")
    if not classes:
        raise DataError(f"{format_path(folder)} has no folders; expected one for each class, with its images")
    return {path.name: find_images(path, root) for path in classes}
