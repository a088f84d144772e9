"""What `nnexp data show` draws: in a terminal, and as PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnexp.cli.tables.scatter import render_scatter
from nnexp.data.dataset import Dataset, Description
from nnexp.data.sources.digits import Digits
from nnexp.errors import RunError, UsageError
from nnexp.inspection import data_pictures
from nnexp.inspection.data_pictures import check_png_path, draw_picture, find_ticks
from nnexp.inspection.data_preview import DataPreview, preview_data
from nnexp.storage import atomic
from nnexp.typing import AnyArray


def cells(points: AnyArray, labels: AnyArray | None, names: tuple[str, ...], width: int = 31) -> list[str]:
    """The lines of the drawing, without the numbers at the left."""
    lines = render_scatter(points, labels, names, width)
    return [line.plain.partition("│")[2] for line in lines if "│" in line.plain]


CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def test_points_lie_where_they_belong() -> None:
    drawn = cells(CORNERS, np.arange(4), ("p", "q", "r", "s"))
    assert drawn == ["r                  s", "", "", "", "p                  q"]


def test_a_cell_has_the_letter_of_most_of_its_points_as_a_capital_where_there_are_several() -> None:
    points = np.concatenate([CORNERS, CORNERS[:1], CORNERS[:1]])
    drawn = cells(points, np.array([0, 1, 1, 1, 1, 1]), ("yes", "no"))
    assert drawn[-1] == "N                  n"
    assert drawn[0] == "n                  n"


@pytest.mark.parametrize(
    ("names", "letters"), [(("cat", "dog"), "cd"), (("cat", "cow"), "ab"), (("0", "1"), "ab"), (("Ä", "b"), "ab")]
)
def test_letters_are_those_of_the_names_where_these_differ(names: tuple[str, ...], letters: str) -> None:
    assert "".join(sorted("".join(cells(CORNERS[:2], np.arange(2), names)).replace(" ", ""))) == letters
    assert render_scatter(CORNERS[:2], np.arange(2), names, 31)[-2].plain.split() == [
        letters[0],
        names[0],
        letters[1],
        names[1],
    ]


def test_more_classes_than_letters_are_drawn_by_density() -> None:
    names = tuple(f"{k:02}" for k in range(27))
    points = np.stack([np.arange(27.0), np.arange(27.0)], axis=-1)
    assert set("".join(cells(points, np.arange(27), names))) <= set(" ·o8@")


def test_more_points_are_drawn_heavier() -> None:
    points = np.repeat(CORNERS, [1, 2, 3, 4], axis=0)
    assert cells(points, None, ("y",)) == ["8                  @", "", "", "", "·                  o"]


def test_a_single_point_and_equal_points_are_drawn() -> None:
    assert "".join(cells(np.ones((3, 2)), np.zeros(3, np.int64), ("a",))).strip() == "A"


def test_missing_numbers_are_left_out() -> None:
    points = np.concatenate([CORNERS, [[np.nan, 5.0], [np.inf, 0.0]]])
    assert cells(points, None, ("y",)) == cells(CORNERS, None, ("y",))
    assert [line.plain for line in render_scatter(points[4:], None, ("y",), 31)] == ["no points to draw"]


@pytest.mark.parametrize("width", [10, 40, 79, 80, 300])
def test_a_drawing_is_no_wider_than_it_may_be(width: int) -> None:
    assert max(
        line.cell_len for line in render_scatter(CORNERS * 12345.678, np.arange(4), ("a", "b", "c", "d"), width)[:-1]
    ) <= max(width, 21)


def images(x: AnyArray, labels: AnyArray, classes: tuple[str, ...]) -> DataPreview:
    description = Description(len(x), x.shape[1:], "classes", classes)
    return DataPreview("mine", Digits(), Dataset(x, labels, description), {}, description)


def sheet(found: DataPreview, path: Path) -> AnyArray:
    """The picture that is drawn, as an array (H, W, 3)."""
    draw_picture(found, path)
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        return np.asarray(picture)


def test_a_contact_sheet_shows_the_images_as_they_are(tmp_path: Path) -> None:
    x = np.zeros((2, 8, 8, 3), np.uint8)
    x[0, :4], x[1, 4:] = (200, 10, 30), (0, 250, 77)
    found = sheet(images(x, np.arange(2), ("first", "second")), tmp_path / "x.png")
    for colour in ((200, 10, 30), (0, 250, 77)):
        assert (found == colour).all(axis=-1).sum() == 4 * 8 * 7 * 7  # pixels enlarged to squares of 7


def test_a_contact_sheet_is_always_the_same(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (90, 8, 8, 1), dtype=np.uint8)
    first = sheet(images(x, np.arange(90) % 3, ("a", "b", "c")), tmp_path / "x.png")
    np.testing.assert_array_equal(first, sheet(images(x, np.arange(90) % 3, ("a", "b", "c")), tmp_path / "y.png"))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_numbers_of_another_range_go_from_black_to_white(tmp_path: Path, dtype: type) -> None:
    x: AnyArray = np.zeros((4, 8, 8, 1), dtype)
    x[:2] = 16
    found = sheet(images(x, np.array([0, 1, 0, 1]), ("", "")), tmp_path / "x.png")
    assert (found == 0).all(axis=-1).sum() == 2 * 56 * 56


@pytest.mark.parametrize(("classes", "many"), [(1, 1), (26, 2), (101, 3)])
@pytest.mark.parametrize("shape", [(8, 8, 1), (300, 200, 3), (5, 9, 2), (7, 7, 4)])
def test_every_shape_and_number_of_classes_can_be_drawn(
    tmp_path: Path, classes: int, many: int, shape: tuple[int, ...]
) -> None:
    x = np.random.default_rng(0).integers(0, 256, (classes * many, *shape), dtype=np.uint8)
    names = tuple(f"a class with a rather long name, number {k}" for k in range(classes))
    height, width, _ = sheet(images(x, np.arange(len(x)) % classes, names), tmp_path / "x.png").shape
    assert 60 < height < 26 * 120 + 80
    assert 60 < width < 6000


def test_images_with_values_are_drawn_without_names(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((3, 8, 8, 1))
    description = Description(3, (8, 8, 1), "values", ("y",))
    found = DataPreview("mine", Digits(), Dataset(x, np.ones((3, 1)), description), {}, description)
    assert sheet(found, tmp_path / "x.png").shape == (2 * 20 + 20 + 59, 20 + 3 * 59 + 20, 3)


@pytest.mark.parametrize("source", ["moons", "spirals", "sine", "polynomial", "xor"])
def test_points_are_drawn_in_colours(tmp_path: Path, source: str) -> None:
    found = preview_data(source, ["examples=90"])
    drawn = sheet(found, tmp_path / "x.png")
    assert drawn.shape == (640, 900, 3)
    spread = drawn.max(axis=-1).astype(int) - drawn.min(axis=-1)
    assert (spread > 60).sum() > 90 * 20  # each point is some 60 pixels in size


def test_equal_points_are_drawn(tmp_path: Path) -> None:
    description = Description(5, (2,), "classes", ("a",))
    data = Dataset(np.ones((5, 2)), np.zeros(5, np.int64), description)
    assert sheet(DataPreview("mine", Digits(), data, {}, description), tmp_path / "x.png").shape == (640, 900, 3)


def test_only_missing_points_are_refused(tmp_path: Path) -> None:
    description = Description(5, (2,), "classes", ("a",))
    data = Dataset(np.full((5, 2), np.nan), np.zeros(5, np.int64), description)
    with pytest.raises(UsageError, match="only missing numbers"):
        draw_picture(DataPreview("mine", Digits(), data, {}, description), tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


def test_of_very_many_points_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_pictures, "MAX_POINTS", 7)
    points, labels = data_pictures._choose_points(np.arange(40.0).reshape(20, 2), np.arange(20))
    assert labels is not None
    assert len(labels) == 7
    np.testing.assert_array_equal(points[:, 0], 2 * labels)


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(what: str, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "before_operation", full)
    with pytest.raises(RunError, match=r"cannot write .*x\.png: No space left on device"):
        draw_picture(preview_data("moons", ["examples=9"]), tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1e-9), (-3e7, 5e8), (99.999, 100.001), (-1e-300, 1e-300)])
def test_ticks_are_few_round_numbers_in_between(low: float, high: float) -> None:
    found = find_ticks(low, high)
    assert 3 <= len(found) <= 8
    assert low <= found[0] < found[-1] <= high
    assert np.ptp(np.diff(found)) <= 1e-6 * (high - low)


def test_a_target_is_checked_before_the_data_are_read(tmp_path: Path) -> None:
    check_png_path(tmp_path / "X.PNG")
    with pytest.raises(UsageError, match=r"should end in \.png"):
        check_png_path(tmp_path / "x")
