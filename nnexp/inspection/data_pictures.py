"""Pictures of data sets as PNG files: examples by class, or points of a plane.

M examples, K classes, H W C image
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.errors import UsageError
from nnexp.inspection.data_preview import DataPreview
from nnexp.nn.layers.base import format_shape
from nnexp.nn.random import make_generator
from nnexp.optional import import_optional
from nnexp.storage import atomic
from nnexp.typing import AnyArray, IntArray
from nnexp.wording import shorten_text

PAPER_COLOUR, INK_COLOUR, GRID_COLOUR = "#ffffff", "#222222", "#d8d8d8"

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

EDGE_PIXELS, GAP_PIXELS = 20, 3
"""Pixels around everything, and between two images."""

MIN_SIDE_PIXELS, MAX_SIDE_PIXELS = 56, 112
"""Images whose longer side is shorter, or longer, are enlarged or reduced to it."""

CLASSES_PER_PANEL = 25
"""Classes below each other; more stand in several columns."""

MAX_CLASS_CHARACTERS = 24
"""Characters of a class's name beside its row."""

MAX_CLASSES, MAX_POINTS = 100, 20_000

PICTURE_SIZE_PIXELS, SUPERSAMPLING_FACTOR = (900, 640), 3
"""Of a picture of points, and how many times as fine it is drawn."""


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
    import_optional("PIL", "data", "drawing data")
    plane = found.find_plane_points()
    if found.is_images:
        picture = draw_contact_sheet(found)
    elif plane is not None:
        picture = draw_points(found, *plane)
    else:
        shape = format_shape(found.description.shape)
        way = "; with flat=false it has images" if getattr(found.source, "flat", False) else ""
        raise UsageError(
            f"--png draws images, classes of two features, or one value by one feature; {found.name} has {shape}{way}"
        )
    _write_png(picture, path)


def _write_png(picture: Any, path: Path) -> None:
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    atomic.write_file(path, content.getvalue())


def _load_font(size: int) -> Any:
    return import_optional("PIL.ImageFont", "data", "drawing data").load_default(size)


def _make_canvas(width: int, height: int) -> tuple[Any, Any]:
    """An empty picture, and what draws on it."""
    image = import_optional("PIL.Image", "data", "drawing data").new("RGB", (width, height), PAPER_COLOUR)
    return image, import_optional("PIL.ImageDraw", "data", "drawing data").Draw(image, "RGBA")


def draw_contact_sheet(found: DataPreview) -> Any:
    """Examples of each class in rows, drawn by lot but always the same; without classes just examples."""
    chosen = list(_choose_examples(found))
    names = [name for name, _ in chosen]
    panels = math.ceil(len(chosen) / CLASSES_PER_PANEL)
    rows = math.ceil(len(chosen) / panels)
    font = _load_font(14)
    text = max((math.ceil(font.getlength(name)) for name in names), default=0)
    text += 10 if text else 0
    height, width, _ = found.description.shape
    cell_w, cell_h = _compute_cell_size(width, height)
    across = max(len(examples) for _, examples in chosen)
    panel = text + across * (cell_w + GAP_PIXELS) + EDGE_PIXELS
    sheet, pen = _make_canvas(EDGE_PIXELS + panels * panel, 2 * EDGE_PIXELS + 20 + rows * (cell_h + GAP_PIXELS))
    pen.text((EDGE_PIXELS, EDGE_PIXELS - 4), _format_title(found, len(chosen)), fill=INK_COLOUR, font=_load_font(15))
    for index, (name, examples) in enumerate(chosen):
        left = EDGE_PIXELS + index // rows * panel
        top = EDGE_PIXELS + 24 + index % rows * (cell_h + GAP_PIXELS)
        pen.text((left + text - 10, top + cell_h / 2), name, fill=INK_COLOUR, font=font, anchor="rm")
        for place, example in enumerate(examples):
            image = _make_image(found, found.data.x[example]).resize(
                (cell_w, cell_h), _choose_resampling(cell_w, width)
            )
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
        yield from (("", np.sort(drawn[start : start + 10])) for start in range(0, len(drawn), 10))
        return
    classes = found.description.classes[:MAX_CLASSES]
    many = 10 if len(classes) <= CLASSES_PER_PANEL else 6
    for number, name in enumerate(classes):
        own = np.flatnonzero(labels == number)
        yield shorten_text(name, MAX_CLASS_CHARACTERS), np.sort(random.permutation(own)[:many])


def _compute_cell_size(width: int, height: int) -> tuple[int, int]:
    """The size at which images are shown: small ones enlarged by a whole number."""
    longer = max(width, height)
    factor = max(1, round(MIN_SIDE_PIXELS / longer)) if longer < MAX_SIDE_PIXELS else MAX_SIDE_PIXELS / longer
    return max(1, round(width * factor)), max(1, round(height * factor))


def _choose_resampling(shown: int, width: int) -> Any:
    """Pixels stay squares where images are enlarged."""
    ways = import_optional("PIL.Image", "data", "drawing data").Resampling
    return ways.NEAREST if shown >= width else ways.LANCZOS


def _make_image(found: DataPreview, x: AnyArray) -> Any:
    """One example: bytes as they are if they use their range, other numbers from the set's least to its largest."""
    low, high = found.input_ranges.overall_range()
    if x.dtype == np.uint8 and high > 127:
        low, high = 0, 255
    scaled = (np.nan_to_num(x.astype(np.float64), nan=low) - low) / (high - low if high > low else 1)
    shown = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    kept = shown[..., :3] if shown.shape[-1] >= 3 else shown[..., 0]
    return import_optional("PIL.Image", "data", "drawing data").fromarray(np.ascontiguousarray(kept)).convert("RGB")


def _choose_point_look(count: int) -> tuple[float, str]:
    """Radius in pixels and opacity in hexadecimal: the more points, the smaller and the more see-through."""
    if count <= 600:
        return 4.5 * SUPERSAMPLING_FACTOR, "d0"
    if count <= 4000:
        return 3 * SUPERSAMPLING_FACTOR, "90"
    return 2 * SUPERSAMPLING_FACTOR, "50"


def draw_points(found: DataPreview, plane: AnyArray, labels: IntArray | None) -> Any:
    """Points (M, 2) in axes, in a colour for each class."""
    plane, labels = _choose_points(plane, labels)
    low, high = plane.min(axis=0), plane.max(axis=0)
    spread = np.where(high > low, high - low, 1)
    low, high = low - 0.04 * spread, high + 0.04 * spread
    names = found.description.classes if labels is not None else ()
    names = names if len(names) <= 2 * CLASSES_PER_PANEL else ()
    width, height = (SUPERSAMPLING_FACTOR * side for side in PICTURE_SIZE_PIXELS)
    sheet, pen = _make_canvas(width, height)
    font, legend = _load_font(14 * SUPERSAMPLING_FACTOR), _load_font(14 * SUPERSAMPLING_FACTOR)
    right = (
        max((legend.getlength(name) for name in names), default=0)
        + 40 * SUPERSAMPLING_FACTOR * bool(names)
        + EDGE_PIXELS * SUPERSAMPLING_FACTOR
    )
    box = (70 * SUPERSAMPLING_FACTOR, 72 * SUPERSAMPLING_FACTOR, int(width - right), height - 60 * SUPERSAMPLING_FACTOR)
    _draw_axes(pen, font, box, low, high)
    size = np.array([box[2] - box[0], box[3] - box[1]])
    place = (plane - low) / (high - low) * size
    radius, opacity = _choose_point_look(len(plane))
    for index, (x, y) in enumerate(place.tolist()):
        colour = CLASS_COLOURS[int(labels[index]) % len(CLASS_COLOURS) if labels is not None else 0]
        x, y = box[0] + x, box[3] - y  # noqa: PLW2901 - from the box's own corner
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour + opacity)
    title = f"{found.name}: {len(found.data.x):,} examples"
    pen.text(
        (EDGE_PIXELS * SUPERSAMPLING_FACTOR, 30 * SUPERSAMPLING_FACTOR),
        title,
        fill=INK_COLOUR,
        font=_load_font(15 * SUPERSAMPLING_FACTOR),
        anchor="ls",
    )
    _draw_axis_names(pen, font, box, found)
    _draw_legend(pen, legend, box, names)
    return sheet.resize(PICTURE_SIZE_PIXELS, import_optional("PIL.Image", "data", "drawing data").Resampling.LANCZOS)


def _choose_points(plane: AnyArray, labels: IntArray | None) -> tuple[AnyArray, IntArray | None]:
    """The points that are numbers; of very many, some that are drawn by lot."""
    rows = np.flatnonzero(np.isfinite(plane).all(axis=-1))
    if not len(rows):
        raise UsageError("--png: there are no points to draw, only missing numbers")
    if len(rows) > MAX_POINTS:
        rows = np.sort(make_generator(0, "points").permutation(rows)[:MAX_POINTS])
    return plane[rows].astype(np.float64), labels[rows] if labels is not None else None


def _draw_axes(pen: Any, font: Any, box: tuple[int, int, int, int], low: AnyArray, high: AnyArray) -> None:
    """A frame with faint lines at round numbers."""
    left, top, right, bottom = box
    for value in find_ticks(low[0], high[0]):
        x = left + (value - low[0]) / (high[0] - low[0]) * (right - left)
        pen.line((x, top, x, bottom), fill=GRID_COLOUR, width=SUPERSAMPLING_FACTOR)
        pen.text((x, bottom + 8 * SUPERSAMPLING_FACTOR), f"{value:g}", fill=INK_COLOUR, font=font, anchor="mt")
    for value in find_ticks(low[1], high[1]):
        y = bottom - (value - low[1]) / (high[1] - low[1]) * (bottom - top)
        pen.line((left, y, right, y), fill=GRID_COLOUR, width=SUPERSAMPLING_FACTOR)
        pen.text((left - 8 * SUPERSAMPLING_FACTOR, y), f"{value:g}", fill=INK_COLOUR, font=font, anchor="rm")
    pen.rectangle(box, outline=INK_COLOUR, width=SUPERSAMPLING_FACTOR)


def _draw_axis_names(pen: Any, font: Any, box: tuple[int, int, int, int], found: DataPreview) -> None:
    across, up = (*found.input_names, *found.description.classes)[:2]
    pen.text(
        ((box[0] + box[2]) / 2, box[3] + 32 * SUPERSAMPLING_FACTOR), across, fill=INK_COLOUR, font=font, anchor="mt"
    )
    pen.text(
        (EDGE_PIXELS * SUPERSAMPLING_FACTOR, box[1] - 12 * SUPERSAMPLING_FACTOR),
        up,
        fill=INK_COLOUR,
        font=font,
        anchor="ls",
    )


def _draw_legend(pen: Any, font: Any, box: tuple[int, int, int, int], names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        x, y = box[2] + 22 * SUPERSAMPLING_FACTOR, box[1] + (12 + 22 * number) * SUPERSAMPLING_FACTOR
        colour, radius = CLASS_COLOURS[number % len(CLASS_COLOURS)], 5 * SUPERSAMPLING_FACTOR
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        pen.text((x + 12 * SUPERSAMPLING_FACTOR, y), name, fill=INK_COLOUR, font=font, anchor="lm")


def find_ticks(low: float, high: float) -> list[float]:
    """Some round numbers between two others.

    >>> find_ticks(-1.1, 2.3)
    [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    """
    rough = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
