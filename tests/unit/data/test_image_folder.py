"""Images in folders: which are found, in what order, and of which class and part."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnexp.data.formats.images import ImageConversion
from nnexp.data.sources.image_folder import ImageFolder
from nnexp.data.splits import Split
from nnexp.errors import DataError

Maker = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Maker:
    """Make a folder with images, each path of one pixel of a shade, and give its path."""

    def make(name: str = "set", **shades: int) -> Path:
        for path, shade in shades.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (1, 1), shade).save(file)
        return tmp_path / name

    return make


ANIMALS = {"dog/2.png": 1, "dog/1.PNG": 2, "dog/10.bmp": 3, "cat/x.gif": 4, "Ant/a.tif": 5, "Ant/b.webp": 6}
"""By name, capitals first: Ant/a, Ant/b, cat/x, dog/1, dog/10, dog/2."""


def pixel(path: Path, **options: object) -> ImageFolder:
    return ImageFolder(str(path), size=1, color="gray", **options)  # type: ignore[arg-type]


def test_classes_are_folders_and_images_files_by_name(folder: Maker) -> None:
    source = pixel(folder(**ANIMALS))
    data = source.load()
    assert data.description == source.describe()
    assert (data.description.targets, data.description.classes) == ("classes", ("Ant", "cat", "dog"))
    assert (data.description.examples, data.description.own_test, data.description.itemsize) == (6, 0, 1)
    assert data.x.ravel().tolist() == [5, 6, 4, 2, 3, 1]
    assert data.y.dtype == np.int64
    assert data.y.tolist() == [0, 0, 1, 2, 2, 2]
    assert [path.name for path in source.find_files()] == ["a.tif", "b.webp", "x.gif", "1.PNG", "10.bmp", "2.png"]


@pytest.mark.parametrize(
    ("source", "look"),
    [
        (ImageFolder("p"), ImageConversion(32, 32, "rgb", "crop")),
        (ImageFolder("p", 7, "gray"), ImageConversion(7, 7, "gray", "crop")),
        (ImageFolder("p", (5, 7), resize="stretch"), ImageConversion(5, 7, "rgb", "stretch")),
    ],
)
def test_a_size_is_that_of_both_sides_or_of_height_and_width(source: ImageFolder, look: ImageConversion) -> None:
    assert source.conversion == look


def test_the_shape_is_height_width_and_channels(folder: Maker) -> None:
    source = ImageFolder(str(folder(**ANIMALS)), (5, 7))
    assert source.describe().shape == (5, 7, 3)
    assert source.load().x.shape == (6, 5, 7, 3)
    assert source.load().x.dtype == np.uint8


def test_describing_opens_no_image(folder: Maker) -> None:
    path = folder(**ANIMALS)
    for file in path.rglob("*.*"):
        file.write_bytes(b"")
    assert pixel(path).describe().examples == 6


def test_hidden_files_and_other_endings_are_passed_over(folder: Maker) -> None:
    path = folder(**ANIMALS)
    for name in ("readme.txt", "dog/labels.csv", "dog/.DS_Store", "dog/.1.png", ".png", "dog/png", "dog/a.svg"):
        (path / name).write_text("no image")
    (path / ".thumbnails").mkdir()
    (path / "dog" / ".thumbnails").mkdir()
    assert pixel(path).describe().examples == 6
    assert len(pixel(path).load().x) == 6


@pytest.mark.parametrize("together", [False, True])
def test_a_test_part_comes_last_and_is_the_test_part(together: bool, folder: Maker) -> None:
    train = {"a/1.png": 1, "b/1.png": 2, "b/2.png": 3, "c/1.png": 4}
    test = {"c/9.png": 7, "a/9.png": 6}  # none of b, and the classes' numbers are those of the other folder
    if together:
        folder("set/test", **test)
        source = pixel(folder("set/train", **train).parent)
    else:
        source = pixel(folder("set", **train), test=str(folder("other", **test)))
    data = source.load()
    assert data.description == source.describe()
    assert (data.description.examples, data.description.own_test) == (6, 2)
    assert data.x.ravel().tolist() == [1, 2, 3, 4, 6, 7]
    assert data.y.tolist() == [0, 1, 1, 2, 0, 2]
    assert Split(dev=1).choose_indices(6, data.y, 2)["test"].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("train", "dev", "test"),
    [
        ("train", "val", "test"),
        ("Training", "Validation", "Testing"),
        ("TRAIN", "DEV", "EVAL"),
        ("train", "valid", None),
        ("training", None, "test"),
    ],
)
def test_own_parts_are_folders_in_any_usual_spelling(
    train: str, dev: str | None, test: str | None, folder: Maker
) -> None:
    folder(f"set/{train}", **{"a/1.png": 1, "b/1.png": 2, "b/2.png": 3})
    if dev:
        folder(f"set/{dev}", **{"b/1.png": 4, "a/1.png": 5})
    if test:
        folder(f"set/{test}", **{"b/1.png": 6})
    source = pixel(folder())
    data = source.load()
    assert data.description == source.describe()
    assert (data.description.own_dev, data.description.own_test) == (2 * bool(dev), bool(test))
    assert data.x.ravel().tolist() == [1, 2, 3] + [5, 4] * bool(dev) + [6] * bool(test)
    assert data.y.tolist() == [0, 1, 1] + [0, 1] * bool(dev) + [1] * bool(test)
    places = {"dev": dev, "test": test}
    assert source.find_part_places() == {part: str(folder() / name) for part, name in places.items() if name}
    targets = source.read_targets_for(Split())
    assert (targets.y.tolist(), targets.description) == (data.y.tolist(), data.description)


def test_a_dev_part_may_be_a_folder_elsewhere(folder: Maker) -> None:
    path = folder("set", **{"a/1.png": 1, "b/1.png": 2})
    dev, test = folder("more", **{"b/1.png": 3}), folder("last", **{"a/1.png": 4})
    data = pixel(path, dev=str(dev), test=str(test)).load()
    assert (data.description.own_dev, data.description.own_test) == (1, 1)
    assert data.x.ravel().tolist() == [1, 2, 3, 4]
    twin = pixel(path, dev=str(path)).twin()
    assert twin is not None
    assert (twin.parameter, twin.of_data) == ("dev", False)
    folder("copy", **{"a/1.png": 1, "b/1.png": 2})
    twin = pixel(path, dev=str(folder("copy"))).twin()
    assert twin is not None
    assert (twin.parameter, twin.of_data) == ("dev", True)


def test_two_folders_of_the_same_part_are_refused(folder: Maker) -> None:
    for name in ("train", "val", "dev"):
        folder(f"set/{name}", **{"a/1.png": 1, "b/1.png": 2})
    with pytest.raises(DataError, match=r"set/dev and .*set/val are both the dev part; keep one of them"):
        pixel(folder()).describe()


def test_where_a_test_part_is_named_train_and_test_are_classes(folder: Maker) -> None:
    path = folder(**{"train/1.png": 1, "test/1.png": 2})
    source = pixel(path, test=str(folder("other", **{"train/1.png": 1})))
    assert source.describe().classes == ("test", "train")


def test_an_image_that_was_changed_is_read_anew(folder: Maker) -> None:
    source = pixel(folder(**ANIMALS))
    assert source.load() is source.load()
    before = source.load().x.ravel().tolist()
    folder(**{"cat/x.gif": 99})
    assert source.load().x.ravel().tolist() == [*before[:2], 99, *before[3:]]
    folder(**{"cat/y.png": 77})
    assert source.load().x.ravel().tolist() == [*before[:2], 99, 77, *before[3:]]


def test_a_link_within_the_folder_is_followed(folder: Maker) -> None:
    path = folder(**ANIMALS)
    (path / "dog" / "3.png").symlink_to(path / "dog" / "2.png")
    (path / "elk").symlink_to("cat")
    assert pixel(path).load().x.ravel().tolist() == [5, 6, 4, 2, 3, 1, 1, 4]
    (path.parent / "linked").symlink_to(path)
    assert pixel(path.parent / "linked").load().description.examples == 8


@pytest.mark.parametrize("name", ["dog/3.png", "elk"])
@pytest.mark.parametrize("part", ["", "train"])
def test_a_link_that_leaves_the_folder_or_leads_nowhere_is_refused(name: str, part: str, folder: Maker) -> None:
    root = folder()
    path = folder(f"set/{part}", **ANIMALS)
    if part:
        folder("set/test", **ANIMALS)
    outside = folder("outside", **{"1.png": 1})
    (path / name).symlink_to(outside if name == "elk" else outside / "1.png")
    with pytest.raises(DataError, match=rf"{name} is a link to .*outside.*, which is not below {root}$"):
        pixel(root).describe()
    (path / name).unlink()
    (path / name).symlink_to(path / "none.png" if name != "elk" else path / "elk")
    with pytest.raises(DataError, match=rf"{name} is a link to nothing"):
        pixel(root).describe()


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_names_may_be_any_bytes_of_images_and_text_of_classes(folder: Maker) -> None:
    path = folder(**{"é/1.png": 1, "猫 cat/1.png": 2})
    image = (path / "é" / "1.png").rename(path / "é" / os.fsdecode(b"\xff.png"))
    assert pixel(path).load().description.classes == ("é", "猫 cat")
    image.write_text("no image")
    with pytest.raises(DataError, match=r"\\udcff\.png cannot be read as an image"):
        pixel(path).load()
    (path / "é").rename(path / os.fsdecode(b"\xff"))
    with pytest.raises(DataError, match=r"'\\udcff' cannot be the name of a class"):
        pixel(path).load()


def test_a_class_folder_that_cannot_be_listed_is_named(folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    path, listing = folder(**ANIMALS), os.scandir

    def refuse(found: Path) -> object:
        if found.name == "cat":
            raise PermissionError(13, "Permission denied", found)
        return listing(found)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"cannot list .*/cat: Permission denied"):
        pixel(path).describe()


def test_files_that_are_left_out_are_counted_by_kind(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.heic", "d.HEIC", "e.svg", ".hidden.heic"):
        for kind in ("cat", "dog"):
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / kind / name).write_bytes(b"")
    (tmp_path / "LICENSE").write_text("free")
    source = ImageFolder(str(tmp_path))
    expected = f"4 .heic, 2 .svg, 1 without an ending (such as {tmp_path / 'cat' / 'c.heic'})"
    assert source.passed_over() == expected


def test_nothing_is_told_where_all_files_are_images(tmp_path: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "a.png").write_bytes(b"")
    assert ImageFolder(str(tmp_path)).passed_over() == ""


def test_a_class_of_which_all_files_are_left_out_is_an_error_that_names_them(tmp_path: Path) -> None:
    for path in ("cat/a.png", "dog/a.heic", "dog/b.heic"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    with pytest.raises(DataError, match=r"dog holds no image, but 2 \.heic \(such as .*a\.heic\); images are"):
        ImageFolder(str(tmp_path)).describe()
