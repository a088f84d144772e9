"""Pictures of data sets as PNG files: examples by class, or points of a plane.

M examples, K classes, H W C image
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from nnexp.errors import UsageError
from nnexp.inspection.data_preview import DataPreview
from nnexp.nn.layers.base import format_shape
from nnexp.nn.random import make_generator
from nnexp.optional import import_optional
from nnexp.storage import atomic
from nnexp.typing import AnyArray, IntArray
from nnexp.wording import shorten_text

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom of the axes, in pixels of the canvas."""

PAPER_COLOUR = "#ffffff"
INK_COLOUR = "#222222"
GRID_COLOUR = "#d8d8d8"

CLASS_COLOURS = (
    "#1f77b4",
    "#e8702a",
    "#2c9c4b",
    "#c93a3a",
    "#8a5fbf",
    "#8c564b",
    "#d45fa9",
    "#6f6f6f",
    "#a8a413",
    "#17a6b8",
)

EDGE_PIXELS = 20
"""Pixels around everything."""

GAP_PIXELS = 3
"""Pixels between two images."""

MIN_SIDE_PIXELS = 56
"""Images whose longer side is shorter are enlarged to about it: MNIST's 28 pixels twice."""

MAX_SIDE_PIXELS = 112
"""Images whose longer side is longer are reduced to it."""

CLASSES_PER_PANEL = 25
"""Classes below each other; more stand in several columns."""

MAX_CLASS_CHARACTERS = 24
"""Characters of a class's name beside its row."""

MAX_CLASSES = 100
"""Classes of which examples are shown."""

MAX_POINTS = 20_000
"""Points that are drawn: more only cover each other."""

PICTURE_SIZE_PIXELS = (900, 640)
"""Width and height of a picture of points."""

SUPERSAMPLING_FACTOR = 3
"""How many times as fine it is drawn before it is reduced: Pillow's circles have no smooth edges."""


def check_png_path(path: Path) -> None:
    """Raises UsageError where a PNG cannot be written to `path`, as far as that can be said beforehand."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"--png writes PNG files: {path} should end in .png")
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")


def draw_picture(found: DataPreview, path: Path) -> None:
    """Draw a set and write the picture.

    Raises UsageError where there is no way to draw it, RunError where it cannot be written.
    """
    import_pillow("PIL")
    plane = found.find_plane_points()
    if found.is_images:
        picture = draw_contact_sheet(found)
    elif plane is not None:
        picture = draw_points(found, *plane)
    else:
        message = "--png draws images, classes of two features, or one value by one feature"
        shape = format_shape(found.description.shape)
        hint = "; with flat=false it has images" if getattr(found.source, "flat", False) else ""
        raise UsageError(f"{message}; {found.name} has {shape}{hint}")
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    atomic.write_file(path, content.getvalue())


def import_pillow(module: str) -> Any:
    """A module of Pillow, which only an extra installs."""
    return import_optional(module, "data", "drawing data")


def _load_font(size: int) -> Any:
    return import_pillow("PIL.ImageFont").load_default(size)


def _make_canvas(width: int, height: int) -> tuple[Any, Any]:
    """An empty picture, and the pen that draws on it."""
    image = import_pillow("PIL.Image").new("RGB", (width, height), PAPER_COLOUR)
    # RGBA: the pen knows opacity, of which the picture itself keeps none.
    return image, import_pillow("PIL.ImageDraw").Draw(image, "RGBA")


def draw_contact_sheet(found: DataPreview) -> Any:
    """Examples of each class in rows, random but always the same ones; without classes just examples."""
    chosen = list(_choose_examples(found))
    panels = math.ceil(len(chosen) / CLASSES_PER_PANEL)
    rows = math.ceil(len(chosen) / panels)
    font = _load_font(14)
    names, of_class = zip(*chosen, strict=True)
    text = math.ceil(max(map(font.getlength, names)))
    if text:
        text += 10  # between the names and the images
    height, width, _ = found.description.shape
    cell_w, cell_h = _compute_cell_size(width, height)
    # Pixels stay squares where images are enlarged.
    ways = import_pillow("PIL.Image").Resampling
    resampling = ways.NEAREST if cell_w >= width else ways.LANCZOS
    across = max(map(len, of_class))
    panel = text + across * (cell_w + GAP_PIXELS) + EDGE_PIXELS
    sheet, pen = _make_canvas(EDGE_PIXELS + panels * panel, 2 * EDGE_PIXELS + 20 + rows * (cell_h + GAP_PIXELS))
    pen.text((EDGE_PIXELS, EDGE_PIXELS - 4), _format_title(found, len(chosen)), fill=INK_COLOUR, font=_load_font(15))
    for index, (name, examples) in enumerate(chosen):
        left = EDGE_PIXELS + index // rows * panel
        top = EDGE_PIXELS + 24 + index % rows * (cell_h + GAP_PIXELS)
        pen.text((left + text - 10, top + cell_h / 2), name, fill=INK_COLOUR, font=font, anchor="rm")
        for place, example in enumerate(examples):
            image = _make_image(found, found.data.x[example]).resize((cell_w, cell_h), resampling)
            sheet.paste(image, (left + text + place * (cell_w + GAP_PIXELS), top))
    return sheet


def _format_title(found: DataPreview, rows: int) -> str:
    classes = len(found.description.classes) if found.data.labels is not None else rows
    note = f"; the first {rows} of {classes} classes" if classes > rows else ""
    return f"{found.name}: {len(found.data.x):,} examples of {format_shape(found.description.shape)}{note}"


def _choose_examples(found: DataPreview) -> Iterator[tuple[str, IntArray]]:
    """The name of each row and the examples in it."""
    random, labels = make_generator(0, "contact sheet"), found.data.labels
    if labels is None:
        drawn = random.permutation(len(found.data.x))[:80]
        for start in range(0, len(drawn), 10):
            yield "", np.sort(drawn[start : start + 10])
        return
    classes = found.description.classes[:MAX_CLASSES]
    # Fewer where there are several panels, which stand side by side.
    count = 10 if len(classes) <= CLASSES_PER_PANEL else 6
    for number, name in enumerate(classes):
        own = np.flatnonzero(labels == number)
        yield shorten_text(name, MAX_CLASS_CHARACTERS), np.sort(random.permutation(own)[:count])


def _compute_cell_size(width: int, height: int) -> tuple[int, int]:
    """The size at which images are shown: small ones enlarged by a whole number."""
    longer = max(width, height)
    factor = MAX_SIDE_PIXELS / longer
    if longer < MAX_SIDE_PIXELS:
        factor = max(1, round(MIN_SIDE_PIXELS / longer))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _make_image(found: DataPreview, x: AnyArray) -> Any:
    """One example: bytes as they are if they use their range, other numbers from the set's least to its largest."""
    low, high = found.input_ranges.overall_range()
    # Bytes of a small range, such as masks of 0 and 1, would all be black.
    if x.dtype == np.uint8 and high > 127:
        low, high = 0, 255
    size = high - low if high > low else 1
    scaled = (np.nan_to_num(x.astype(np.float64), nan=low) - low) / size
    pixels = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    # Grey or three colours can be drawn: of two channels the first is shown, of more than three the first three.
    pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., 0]
    return import_pillow("PIL.Image").fromarray(np.ascontiguousarray(pixels)).convert("RGB")


def _choose_point_style(count: int) -> tuple[float, str]:
    """Radius in pixels and opacity in hexadecimal: the more points, the smaller and the more see-through."""
    if count <= 600:
        return _enlarge(4.5), "d0"
    if count <= 4000:
        return _enlarge(3), "90"
    return _enlarge(2), "50"


def _enlarge(pixels: float) -> float:
    """Pixels of the picture in those of the finer canvas that it is drawn on."""
    return SUPERSAMPLING_FACTOR * pixels


def draw_points(found: DataPreview, plane: AnyArray, labels: IntArray | None) -> Any:
    """Points (M, 2) in axes, in a colour for each class."""
    plane, labels = _choose_points(plane, labels)
    low, high = plane.min(axis=0), plane.max(axis=0)
    extent = np.where(high > low, high - low, 1)
    # A margin of 4 %, so that no point is cut by the frame.
    low, high = low - 0.04 * extent, high + 0.04 * extent
    names: Sequence[str] = ()
    if labels is not None and len(found.description.classes) <= 2 * CLASSES_PER_PANEL:
        names = found.description.classes
    width, height = PICTURE_SIZE_PIXELS[0] * SUPERSAMPLING_FACTOR, PICTURE_SIZE_PIXELS[1] * SUPERSAMPLING_FACTOR
    sheet, pen = _make_canvas(width, height)
    font = _load_font(14 * SUPERSAMPLING_FACTOR)
    right = _enlarge(EDGE_PIXELS)
    if names:
        right += max(map(font.getlength, names)) + _enlarge(40)
    box = (_enlarge(70), _enlarge(72), int(width - right), height - _enlarge(60))
    _draw_axes(pen, font, box, low, high)
    _draw_ellipses(pen, box, (plane - low) / (high - low), labels)
    title = f"{found.name}: {len(found.data.x):,} examples"
    place, title_font = (_enlarge(EDGE_PIXELS), _enlarge(30)), _load_font(15 * SUPERSAMPLING_FACTOR)
    pen.text(place, title, fill=INK_COLOUR, font=title_font, anchor="ls")
    _draw_axis_names(pen, font, box, found)
    _draw_legend(pen, font, box, names)
    return sheet.resize(PICTURE_SIZE_PIXELS, import_pillow("PIL.Image").Resampling.LANCZOS)


def _draw_ellipses(pen: Any, box: Box, shares: AnyArray, labels: IntArray | None) -> None:
    """The points, placed by shares (M, 2) of the box from its lower left corner."""
    left, top, right, bottom = box
    radius, opacity = _choose_point_style(len(shares))
    numbers = np.zeros(len(shares), np.int64) if labels is None else labels % len(CLASS_COLOURS)
    places = shares * np.array([right - left, bottom - top])
    for (across, up), number in zip(places.tolist(), numbers.tolist(), strict=True):
        x, y = left + across, bottom - up
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=CLASS_COLOURS[number] + opacity)


def _choose_points(plane: AnyArray, labels: IntArray | None) -> tuple[AnyArray, IntArray | None]:
    """The points without a missing number; of very many, a random choice."""
    rows = np.flatnonzero(np.isfinite(plane).all(axis=-1))
    if not len(rows):
        raise UsageError("--png: there are no points to draw, only missing numbers")
    if len(rows) > MAX_POINTS:
        # In the order of the set: classes that lie beside each other there cover each other in the same way.
        rows = np.sort(make_generator(0, "points").permutation(rows)[:MAX_POINTS])
    return plane[rows].astype(np.float64), None if labels is None else labels[rows]


def _draw_axes(pen: Any, font: Any, box: Box, low: AnyArray, high: AnyArray) -> None:
    """A frame with faint lines at round numbers."""
    left, top, right, bottom = box
    for value in find_ticks(low[0], high[0]):
        x = left + (value - low[0]) / (high[0] - low[0]) * (right - left)
        pen.line((x, top, x, bottom), fill=GRID_COLOUR, width=SUPERSAMPLING_FACTOR)
        pen.text((x, bottom + _enlarge(8)), f"{value:g}", fill=INK_COLOUR, font=font, anchor="mt")
    for value in find_ticks(low[1], high[1]):
        y = bottom - (value - low[1]) / (high[1] - low[1]) * (bottom - top)
        pen.line((left, y, right, y), fill=GRID_COLOUR, width=SUPERSAMPLING_FACTOR)
        pen.text((left - _enlarge(8), y), f"{value:g}", fill=INK_COLOUR, font=font, anchor="rm")
    pen.rectangle(box, outline=INK_COLOUR, width=SUPERSAMPLING_FACTOR)


def _draw_axis_names(pen: Any, font: Any, box: Box, found: DataPreview) -> None:
    left, top, right, bottom = box
    # Two features of classes, or one feature and its value.
    across, up = (*found.input_names, *found.description.classes)[:2]
    pen.text(((left + right) / 2, bottom + _enlarge(32)), across, fill=INK_COLOUR, font=font, anchor="mt")
    pen.text((_enlarge(EDGE_PIXELS), top - _enlarge(12)), up, fill=INK_COLOUR, font=font, anchor="ls")


def _draw_legend(pen: Any, font: Any, box: Box, names: Sequence[str]) -> None:
    """The names of the classes in the upper right corner, each beside its colour."""
    _, top, right, _ = box
    x, radius = right + _enlarge(22), _enlarge(5)
    for number, name in enumerate(names):
        y = top + _enlarge(12 + 22 * number)
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        pen.text((x + _enlarge(12), y), name, fill=INK_COLOUR, font=font, anchor="lm")


def find_ticks(low: float, high: float) -> list[float]:
    """Some round numbers between two others.

    >>> find_ticks(-1.1, 2.3)
    [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    """
    rough = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    # The slack of 1e-9: quotients of round numbers are not exact.
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
