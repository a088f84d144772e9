"""Image files: found in folders, and read as pixels.   M images, H W C image

Nothing but the pixels of a file's first frame is used, and no file is taken for anything but an image of these formats.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnexp.data.file_source import find_path
from nnexp.errors import DataError, NnexpError
from nnexp.optional import import_optional
from nnexp.typing import AnyArray, Shape

FORMAT_BY_SUFFIX = {
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""The endings of image files, and Pillow's names of the formats that they may be of."""

READER_THREADS = 4
"""How many threads read images: Pillow works outside Python's lock."""

IMAGES_PER_THREAD = 16
"""How many images a thread takes at a time."""


@dataclass(frozen=True, slots=True)
class ImageConversion:
    """How every image is made the same: its height and width, colours, and what becomes of other proportions."""

    height: int
    width: int
    color: Literal["rgb", "gray"]
    resize: Literal["crop", "stretch"]

    @property
    def shape(self) -> Shape:
        return self.height, self.width, 3 if self.color == "rgb" else 1


def is_image(name: str | Path) -> bool:
    """Whether a file has the ending of an image.

    >>> is_image("photo.JPG"), is_image("notes.txt")
    (True, False)
    """
    return Path(name).suffix.lower() in FORMAT_BY_SUFFIX


def format_path(path: Path | str) -> str:
    r"""A path as it can be printed, whatever bytes are in it.

    >>> print(format_path("a\udcffb.png"))
    a\udcffb.png
    """
    return str(path).encode("utf-8", "backslashreplace").decode()


def list_folder(folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """The folders in a folder, and the images, each by name, without what is hidden.

    Raises DataError where it cannot be listed, or holds a link that leaves `root`, or an image that is no regular file.
    """
    folders, images = [], []
    with scan_folder(folder) as found:
        for entry in sorted(found, key=lambda entry: entry.name):  # systems list a folder in any order
            path = folder / entry.name
            if entry.is_symlink():
                check_link(path, root)
            if entry.is_dir():
                folders.append(path)
            elif is_image(entry.name):
                images.append(path)
                if not entry.is_file():
                    raise DataError(f"{format_path(path)} is no regular file")
    return folders, images


def other_files(folder: Path) -> list[Path]:
    """The files in a folder that are passed over, by name: no images, and not hidden."""
    with scan_folder(folder) as found:
        names = [entry.name for entry in found if entry.is_file() and not is_image(entry.name)]
    return [folder / name for name in sorted(names)]


def count_by_ending(paths: Sequence[Path]) -> str:
    """How many files there are of each ending, the most frequent first, and one of them.

    >>> count_by_ending([Path("cat/a.heic"), Path("cat/b.HEIC"), Path("dog/c.svg")])
    '2 .heic, 1 .svg (such as cat/a.heic)'
    """
    endings = Counter(path.suffix.lower() or "without an ending" for path in paths)
    counts = ", ".join(f"{count} {format_path(ending)}" for ending, count in endings.most_common())
    return f"{counts} (such as {format_path(paths[0])})"


@contextmanager
def scan_folder(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
    """What is in a folder and not hidden. Raises DataError where it cannot be listed."""
    try:
        with os.scandir(folder) as found:
            yield [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"cannot list {format_path(folder)}: {error.strerror}") from None


def check_link(path: Path, root: Path) -> None:
    """Raise DataError where a link leads to nothing, or to something that is not below `root`."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # which Python 3.11 and 3.12 raise for links in a circle
        raise DataError(f"{format_path(path)} is a link to nothing") from None
    if not target.is_relative_to(root.resolve()):
        raise DataError(
            f"{format_path(path)} is a link to {format_path(target)}, which is not below {format_path(root)}"
        )


def find_images(folder: Path, root: Path) -> tuple[Path, ...]:
    """The images in a folder of images, by name. Raises DataError where there is none, or a folder among them."""
    folders, images = list_folder(folder, root)
    if folders:
        raise DataError(f"{format_path(folders[0])} is a folder; expected images directly in {format_path(folder)}")
    if not images:
        what = f"{format_path(folder)} holds no image"
        others = other_files(folder)
        if others:
            what += f", but {count_by_ending(others)}"
        raise DataError(f"{what}; images are {', '.join(FORMAT_BY_SUFFIX)}")
    find_path(images[0])  # of a folder that may be listed and not entered, said once and not for each image
    return tuple(images)


def choose_images(path: Path) -> tuple[Path, ...]:
    """One image file, or all images in a folder by name. Raises DataError where there is none."""
    found = find_path(path)
    if found.is_dir():
        return find_images(found, found)
    if not found.is_file():
        raise DataError(f"{format_path(path)} is no regular file")
    return (found,)


def read_images(paths: Sequence[Path], look: ImageConversion) -> AnyArray:
    """All images, in order, alike. (M, H, W, C) uint8

    Raises DataError that names the first file that is no whole image, UsageError where Pillow is not installed.
    """
    import_optional("PIL.Image", "data", "reading images")
    x = np.empty((len(paths), *look.shape), np.uint8)

    def read_some(start: int) -> None:
        for number, path in enumerate(paths[start : start + IMAGES_PER_THREAD], start):
            x[number] = read_image(path, look)

    with warnings.catch_warnings(), ThreadPoolExecutor(READER_THREADS) as readers:
        warnings.simplefilter("ignore")  # of metadata that are not used; what is wrong with pixels is an error
        for _ in readers.map(read_some, range(0, len(paths), IMAGES_PER_THREAD)):
            pass
    return x


def read_image(path: Path, look: ImageConversion) -> AnyArray:
    """One image. (H, W, C) uint8"""
    with convert_read_errors(path):
        Image = import_optional("PIL.Image", "data", "reading images")
        ops = import_optional("PIL.ImageOps", "data", "reading images")
        # the formats are named, as Pillow has readers of others that call programs, such as Ghostscript
        with Image.open(path, formats=sorted(set(FORMAT_BY_SUFFIX.values()))) as image:
            most = Image.MAX_IMAGE_PIXELS  # for which Pillow only warns; None where a user lifted it
            if most and image.width * image.height > most:
                raise DataError(f"{format_path(path)} has {image.width} x {image.height} pixels, more than are decoded")
            upright = convert_colours(ops.exif_transpose(image), look.color)
        size, smooth = (look.width, look.height), Image.Resampling.BILINEAR
        fit = upright.resize(size, smooth) if look.resize == "stretch" else ops.fit(upright, size, smooth)
        return np.asarray(fit).reshape(look.shape)


@dataclass(frozen=True, slots=True)
class ImageSize:
    """The height and width of an image, and whether it has no colours."""

    shape: tuple[int, int]
    is_gray: bool


GRAY_MODES = ("1", "L", "LA", "I", "I;16")
"""Pillow's names for images without colours."""


def find_image_sizes(paths: Sequence[Path]) -> list[ImageSize]:
    """The sizes of some images, of which only the beginning is read. Raises DataError where one is none."""
    Image = import_optional("PIL.Image", "data", "reading images")
    found = []
    for path in paths:
        with convert_read_errors(path), Image.open(path, formats=sorted(set(FORMAT_BY_SUFFIX.values()))) as image:
            found.append(ImageSize((image.height, image.width), image.mode in GRAY_MODES))
    return found


def convert_colours(image: Any, color: Literal["rgb", "gray"]) -> Any:
    """An image of bytes in the colours that are asked for; what is transparent lies on white."""
    Image = import_optional("PIL.Image", "data", "reading images")
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut to 255 instead of scaling
        image = Image.fromarray(take_upper_bytes(np.asarray(image)))
    elif image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB" if color == "rgb" else "L")


def take_upper_bytes(pixels: AnyArray) -> AnyArray:
    """The upper of two bytes."""
    if pixels.min() < 0 or pixels.max() >= 2**16:
        raise ValueError("its pixels are not of 16 bits")
    return (pixels.astype(np.int64) >> 8).astype(np.uint8)


@contextmanager
def convert_read_errors(path: Path) -> Iterator[None]:
    """Turn whatever a file that is no whole image makes its reader raise into DataError."""
    try:
        yield
    except NnexpError:
        raise
    except Exception as error:  # noqa: BLE001 - each format fails in ways of its own
        kind = type(error).__name__  # by name, as Pillow may not be installed
        if kind == "DecompressionBombError":
            raise DataError(f"{format_path(path)}: {error}") from None
        why = getattr(error, "strerror", None) or format_path(str(error)) or kind
        if kind == "UnidentifiedImageError":
            why = "it is of no known format" if path.stat().st_size else "it is empty"
        raise DataError(f"{format_path(path)} cannot be read as an image: {why}") from None
