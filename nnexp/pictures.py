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

from nnexp import files
from nnexp.errors import UsageError
from nnexp.extras import needed
from nnexp.layers.base import times
from nnexp.replicas import generator
from nnexp.showing import Look
from nnexp.typing import AnyArray, IntArray

PAPER, INK, FAINT = "#ffffff", "#222222", "#d8d8d8"

COLOURS = (
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

EDGE, GAP = 20, 3
"""Pixels around everything, and between two images."""

SMALL, LARGE = 56, 112
"""Images whose longer side is shorter, or longer, are enlarged or reduced to it."""

PANEL = 25
"""Classes below each other; more stand in several columns."""

MOST_CLASSES, MOST_POINTS = 100, 20_000

SIZE, FINE = (900, 640), 3
"""Of a picture of points, and how many times as fine it is drawn."""


def check_target(path: Path) -> None:
    """Raises UsageError where a PNG cannot be written to `path`, as far as that can be said beforehand."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"--png writes PNG files: {path} should end in .png")
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")


def draw(found: Look, path: Path) -> None:
    """Draw a set and write the picture.

    Raises UsageError where there is no way to draw it, RunError where it cannot be written.
    """
    needed("PIL", "data", "drawing data")
    plane = found.plane()
    if found.is_images:
        picture = contact_sheet(found)
    elif plane is not None:
        picture = points(found, *plane)
    else:
        shape = times(found.description.shape)
        way = "; with flat=false it has images" if getattr(found.source, "flat", False) else ""
        raise UsageError(
            f"--png draws images, classes of two features, or one value by one feature; {found.name} has {shape}{way}"
        )
    _write(picture, path)


def _write(picture: Any, path: Path) -> None:
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    files.write(path, content.getvalue())


def _font(size: int) -> Any:
    return needed("PIL.ImageFont", "data", "drawing data").load_default(size)


def _canvas(width: int, height: int) -> tuple[Any, Any]:
    """An empty picture, and what draws on it."""
    image = needed("PIL.Image", "data", "drawing data").new("RGB", (width, height), PAPER)
    return image, needed("PIL.ImageDraw", "data", "drawing data").Draw(image, "RGBA")


def contact_sheet(found: Look) -> Any:
    """Examples of each class in rows, drawn by lot but always the same; without classes just examples."""
    chosen = list(_chosen(found))
    names = [name for name, _ in chosen]
    panels = math.ceil(len(chosen) / PANEL)
    rows = math.ceil(len(chosen) / panels)
    font = _font(14)
    text = max((math.ceil(font.getlength(name)) for name in names), default=0)
    text += 10 if text else 0
    height, width, _ = found.description.shape
    cell_w, cell_h = _cell_size(width, height)
    across = max(len(examples) for _, examples in chosen)
    panel = text + across * (cell_w + GAP) + EDGE
    sheet, pen = _canvas(EDGE + panels * panel, 2 * EDGE + 20 + rows * (cell_h + GAP))
    pen.text((EDGE, EDGE - 4), _title(found, len(chosen)), fill=INK, font=_font(15))
    for index, (name, examples) in enumerate(chosen):
        left = EDGE + index // rows * panel
        top = EDGE + 24 + index % rows * (cell_h + GAP)
        pen.text((left + text - 10, top + cell_h / 2), name, fill=INK, font=font, anchor="rm")
        for place, example in enumerate(examples):
            image = _image(found, found.data.x[example]).resize((cell_w, cell_h), _filter(cell_w, width))
            sheet.paste(image, (left + text + place * (cell_w + GAP), top))
    return sheet


def _title(found: Look, rows: int) -> str:
    classes = len(found.description.classes) if found.data.labels is not None else rows
    note = f"; the first {rows} of {classes} classes" if classes > rows else ""
    return f"{found.name}: {len(found.data.x):,} examples of {times(found.description.shape)}{note}"


def _chosen(found: Look) -> Iterator[tuple[str, IntArray]]:
    """The name of each row and the examples in it."""
    random, labels = generator(0, "contact sheet"), found.data.labels
    if labels is None:
        drawn = random.permutation(len(found.data.x))[:80]
        yield from (("", np.sort(drawn[start : start + 10])) for start in range(0, len(drawn), 10))
        return
    classes = found.description.classes[:MOST_CLASSES]
    many = 10 if len(classes) <= PANEL else 6
    for number, name in enumerate(classes):
        own = np.flatnonzero(labels == number)
        yield name if len(name) <= 24 else f"{name[:23]}…", np.sort(random.permutation(own)[:many])


def _cell_size(width: int, height: int) -> tuple[int, int]:
    """The size at which images are shown: small ones enlarged by a whole number."""
    longer = max(width, height)
    factor = max(1, round(SMALL / longer)) if longer < LARGE else LARGE / longer
    return max(1, round(width * factor)), max(1, round(height * factor))


def _filter(shown: int, width: int) -> Any:
    """Pixels stay squares where images are enlarged."""
    ways = needed("PIL.Image", "data", "drawing data").Resampling
    return ways.NEAREST if shown >= width else ways.LANCZOS


def _image(found: Look, x: AnyArray) -> Any:
    """One example: bytes as they are if they use their range, other numbers from the set's least to its largest."""
    low, high = found.ranges.over_all()
    if x.dtype == np.uint8 and high > 127:
        low, high = 0, 255
    scaled = (np.nan_to_num(x.astype(np.float64), nan=low) - low) / (high - low if high > low else 1)
    shown = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    kept = shown[..., :3] if shown.shape[-1] >= 3 else shown[..., 0]
    return needed("PIL.Image", "data", "drawing data").fromarray(np.ascontiguousarray(kept)).convert("RGB")


def points(found: Look, plane: AnyArray, labels: IntArray | None) -> Any:
    """Points (M, 2) in axes, in a colour for each class."""
    plane, labels = _some(plane, labels)
    low, high = plane.min(axis=0), plane.max(axis=0)
    spread = np.where(high > low, high - low, 1)
    low, high = low - 0.04 * spread, high + 0.04 * spread
    names = found.description.classes if labels is not None else ()
    names = names if len(names) <= 2 * PANEL else ()
    width, height = (FINE * side for side in SIZE)
    sheet, pen = _canvas(width, height)
    font, legend = _font(14 * FINE), _font(14 * FINE)
    right = max((legend.getlength(name) for name in names), default=0) + 40 * FINE * bool(names) + EDGE * FINE
    box = (70 * FINE, 72 * FINE, int(width - right), height - 60 * FINE)
    _axes(pen, font, box, low, high)
    size = np.array([box[2] - box[0], box[3] - box[1]])
    place = (plane - low) / (high - low) * size
    radius = FINE * (4.5 if len(plane) <= 600 else 3 if len(plane) <= 4000 else 2)
    see_through = "d0" if len(plane) <= 600 else "90" if len(plane) <= 4000 else "50"
    for index, (x, y) in enumerate(place.tolist()):
        colour = COLOURS[int(labels[index]) % len(COLOURS) if labels is not None else 0]
        x, y = box[0] + x, box[3] - y  # noqa: PLW2901 - from the box's own corner
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour + see_through)
    title = f"{found.name}: {len(found.data.x):,} examples"
    pen.text((EDGE * FINE, 30 * FINE), title, fill=INK, font=_font(15 * FINE), anchor="ls")
    _names_of_axes(pen, font, box, found)
    _legend(pen, legend, box, names)
    return sheet.resize(SIZE, needed("PIL.Image", "data", "drawing data").Resampling.LANCZOS)


def _some(plane: AnyArray, labels: IntArray | None) -> tuple[AnyArray, IntArray | None]:
    """The points that are numbers; of very many, some that are drawn by lot."""
    rows = np.flatnonzero(np.isfinite(plane).all(axis=-1))
    if not len(rows):
        raise UsageError("--png: there are no points to draw, only missing numbers")
    if len(rows) > MOST_POINTS:
        rows = np.sort(generator(0, "points").permutation(rows)[:MOST_POINTS])
    return plane[rows].astype(np.float64), labels[rows] if labels is not None else None


def _axes(pen: Any, font: Any, box: tuple[int, int, int, int], low: AnyArray, high: AnyArray) -> None:
    """A frame with faint lines at round numbers."""
    left, top, right, bottom = box
    for value in ticks(low[0], high[0]):
        x = left + (value - low[0]) / (high[0] - low[0]) * (right - left)
        pen.line((x, top, x, bottom), fill=FAINT, width=FINE)
        pen.text((x, bottom + 8 * FINE), f"{value:g}", fill=INK, font=font, anchor="mt")
    for value in ticks(low[1], high[1]):
        y = bottom - (value - low[1]) / (high[1] - low[1]) * (bottom - top)
        pen.line((left, y, right, y), fill=FAINT, width=FINE)
        pen.text((left - 8 * FINE, y), f"{value:g}", fill=INK, font=font, anchor="rm")
    pen.rectangle(box, outline=INK, width=FINE)


def _names_of_axes(pen: Any, font: Any, box: tuple[int, int, int, int], found: Look) -> None:
    across, up = (*found.inputs, *found.description.classes)[:2]
    pen.text(((box[0] + box[2]) / 2, box[3] + 32 * FINE), across, fill=INK, font=font, anchor="mt")
    pen.text((EDGE * FINE, box[1] - 12 * FINE), up, fill=INK, font=font, anchor="ls")


def _legend(pen: Any, font: Any, box: tuple[int, int, int, int], names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        x, y = box[2] + 22 * FINE, box[1] + (12 + 22 * number) * FINE
        colour, radius = COLOURS[number % len(COLOURS)], 5 * FINE
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        pen.text((x + 12 * FINE, y), name, fill=INK, font=font, anchor="lm")


def ticks(low: float, high: float) -> list[float]:
    """Some round numbers between two others.

    >>> ticks(-1.1, 2.3)
    [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    """
    rough = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
