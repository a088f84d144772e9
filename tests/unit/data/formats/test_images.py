"""Image files: what becomes of colours, sizes and formats, and that whatever is no whole image is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nnexp.data.formats.images import ImageConversion, choose_images, is_image, read_images
from nnexp.errors import DataError, UsageError
from nnexp.typing import AnyArray
from tests.contracts.arrays import random

PIXELS = random(3).integers(0, 256, (3, 5, 3)).astype(np.uint8)
AS_IT_IS = ImageConversion(3, 5, "rgb", "crop")
GRAY = ImageConversion(1, 2, "gray", "crop")


def saved(path: Path, pixels: Any, mode: str | None = None, **options: Any) -> Path:
    """Write pixels (H, W), or (H, W, C), as an image."""
    image = Image.fromarray(np.asarray(pixels))
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def read(path: Path, look: ImageConversion = AS_IT_IS) -> AnyArray:
    [found] = read_images([path], look)
    assert found.dtype == np.uint8
    assert found.shape == look.shape
    return found


@pytest.mark.parametrize("name", ["a.png", "a.BMP", "a.tif", "a.TIFF", "a.webp"])
def test_pixels_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    assert np.array_equal(read(saved(tmp_path / name, PIXELS, **options)), PIXELS)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG"])
def test_jpeg_is_read_up_to_its_losses(name: str, tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    found = read(saved(tmp_path / name, flat, quality=95), ImageConversion(16, 16, "rgb", "crop"))
    assert np.abs(found.astype(int) - flat).max() <= 3


def test_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("L", (2, 1), shade) for shade in (255, 0, 0)]
    for name in ("a.gif", "a.webp", "a.tif", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert read(tmp_path / name, GRAY).ravel().tolist() == [255, 255], name


def test_an_image_of_another_format_than_its_ending_says_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    assert np.array_equal(read(path.rename(tmp_path / "a.jpg")), PIXELS)


def test_gray_is_the_luma_of_colours(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[[255, 0, 0], [10, 200, 30]]], np.uint8))
    # ITU-R 601: 0.299 · 255 = 76.2, and 0.299 · 10 + 0.587 · 200 + 0.114 · 30 = 123.8
    assert read(path, GRAY).ravel().tolist() == [76, 124]


def test_gray_images_get_three_equal_channels(tmp_path: Path) -> None:
    found = read(saved(tmp_path / "a.png", PIXELS[..., 0]))
    assert np.array_equal(found, np.repeat(PIXELS[..., :1], 3, axis=-1))


@pytest.mark.parametrize("mode", ["P", "1", "CMYK"])
def test_other_modes_are_converted(mode: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", np.array([[0, 255]], np.uint8), mode)
    assert read(path, GRAY).ravel().tolist() == [0, 255]


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    half = saved(tmp_path / "a.png", np.array([[[0, 0, 0, 0], [0, 0, 0, 51]]], np.uint8))
    assert read(half, GRAY).ravel().tolist() == [255, 204]  # 255 · (1 - 51 / 255)
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 90, 90, 90])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "b.png", transparency=0)
    assert read(tmp_path / "b.png", GRAY).ravel().tolist() == [255, 90]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_of_16_bits_the_upper_8_are_kept(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / name, np.array([[0x1234, 0xFFFF]], np.uint16))
    assert read(path, GRAY).ravel().tolist() == [0x12, 0xFF]


@pytest.mark.parametrize(("orientation", "expected"), [(1, [[1, 2]]), (3, [[2, 1]]), (6, [[1], [2]]), (8, [[2], [1]])])
def test_images_are_turned_upright(orientation: int, expected: list[list[int]], tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", np.array([[1, 2]], np.uint8), exif=exif)
    height, width = np.shape(expected)
    assert read(path, ImageConversion(height, width, "gray", "crop"))[..., 0].tolist() == expected


def test_cropping_cuts_out_the_middle(tmp_path: Path) -> None:
    wide = saved(tmp_path / "a.png", np.arange(12, dtype=np.uint8).reshape(2, 6))
    assert read(wide, ImageConversion(2, 2, "gray", "crop"))[..., 0].tolist() == [[2, 3], [8, 9]]
    high = saved(tmp_path / "b.png", np.arange(12, dtype=np.uint8).reshape(6, 2))
    assert read(high, ImageConversion(2, 2, "gray", "crop"))[..., 0].tolist() == [[4, 5], [6, 7]]


def test_stretching_keeps_all_of_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[0, 0, 200, 200]], np.uint8))
    # A triangle of half width 2 around 1 and 3 weighs the pixels' middles ½, 1½, 2½, 3½ by ¾, ¾, ¼, 0 over their sum:
    # 200 · ¼ / 1¾ = 28.6 and 200 · 1½ / 1¾ = 171.4
    assert read(path, ImageConversion(1, 2, "gray", "stretch")).ravel().tolist() == [29, 171]


@pytest.mark.parametrize("side", [5, 20])
def test_cropping_scales_until_the_image_covers_the_size(side: int, tmp_path: Path) -> None:
    wide = saved(tmp_path / "a.png", random(5).integers(0, 256, (10, 30, 3)).astype(np.uint8))
    scaled = read(wide, ImageConversion(side, 3 * side, "rgb", "stretch"))
    assert np.array_equal(read(wide, ImageConversion(side, side, "rgb", "crop")), scaled[:, side : 2 * side])


def test_many_images_are_read_in_their_order(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{n}.png", np.full((2, 2), n, np.uint8)) for n in range(101)]
    found = read_images(paths, ImageConversion(1, 1, "gray", "crop"))
    assert found.ravel().tolist() == list(range(101))


def test_the_first_of_several_wrong_images_is_named(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{n}.png", np.full((2, 2), n, np.uint8)) for n in range(101)]
    for wrong in (97, 41, 42):
        paths[wrong].write_text("no image")
    for _ in range(5):
        with pytest.raises(DataError, match=r"/41\.png cannot be read as an image: it is of no known format"):
            read_images(paths, AS_IT_IS)


def test_no_images_are_none() -> None:
    assert read_images([], AS_IT_IS).shape == (0, 3, 5, 3)


def test_an_image_of_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", np.zeros((10, 10), np.uint8))
    for most, words in ((60, "has 10 x 10 pixels, more than are decoded"), (40, "exceeds limit")):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(DataError, match=rf"a\.png.*{words}"):
            read(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read(path).max() == 0


@pytest.mark.parametrize(("mode", "why"), [("F", "floating-point"), ("I", "not of 16 bits")])
def test_pixels_without_a_known_range_are_refused(mode: str, why: str, tmp_path: Path) -> None:
    Image.new(mode, (2, 2), 70000 if mode == "I" else None).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=rf"a\.tif cannot be read as an image: .*{why}"):
        read(tmp_path / "a.tif")


def test_no_other_format_is_read(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.ppm")
    with pytest.raises(DataError, match="it is of no known format"):
        read((tmp_path / "a.ppm").rename(tmp_path / "a.png"))


def test_without_pillow_the_extra_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(UsageError, match=r"reading images needs .*pip install 'nnexp\[data\]'"):
        read_images([], AS_IT_IS)


@given(kept=st.floats(0, 1, exclude_max=True), name=st.sampled_from(["png", "jpg", "bmp", "gif", "webp", "tif"]))
def test_an_image_that_was_cut_off_is_read_or_a_data_error(
    kept: float, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = saved(tmp_path_factory.getbasetemp() / f"short.{name}", PIXELS)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    assert found_or_refused(path)


@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), name=st.sampled_from(["png", "jpg"]))
def test_an_image_with_a_changed_byte_is_read_or_a_data_error(
    position: float, value: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = saved(tmp_path_factory.getbasetemp() / f"changed.{name}", PIXELS)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] = value
    path.write_bytes(content)
    assert found_or_refused(path)


def found_or_refused(path: Path) -> bool:
    try:
        return read_images([path], AS_IT_IS).shape == (1, 3, 5, 3)
    except DataError as error:
        return str(path) in str(error)


def test_endings_are_known_in_any_case() -> None:
    assert [name for name in ("a.PNG", "b.jpg", "c.txt", "d", "e.Jpeg", "f.svg", "g.tiff") if is_image(name)] == [
        "a.PNG",
        "b.jpg",
        "e.Jpeg",
        "g.tiff",
    ]


def test_one_image_or_all_in_a_folder_are_chosen(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{n}.png", PIXELS) for n in (3, 1, 2)]
    (tmp_path / "notes.txt").touch()
    assert choose_images(paths[0]) == (paths[0],)
    assert choose_images(tmp_path) == tuple(sorted(paths))
    with pytest.raises(DataError, match="there is no file"):
        choose_images(tmp_path / "none")


def test_a_pipe_that_is_named_like_an_image_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    for path in (tmp_path, tmp_path / "a.png"):
        with pytest.raises(DataError, match=r"a\.png is no regular file"):
            choose_images(path)


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=rf"cannot list {tmp_path}: Permission denied"):
        choose_images(tmp_path)


def test_an_image_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", PIXELS)

    def refuse(*given: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(DataError, match=r"a\.png cannot be read as an image: Permission denied"):
        read(path)
