"""Points in a terminal.

M points, K classes; a cell is one character
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from nnexp.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from rich.text import Text

CLASS_COLOURS = ("cyan", "yellow", "magenta", "green", "red", "blue", "white")

DENSITY_CHARACTERS = "·o8@"
"""A cell with the fewest points, up to one with the most."""

GUTTER_CHARACTERS = 9
"""The columns for the numbers at the left."""


def render_scatter(points: AnyArray, labels: IntArray | None, names: Sequence[str], width: int) -> list[Text]:
    """Points (M, 2) as lines of a terminal, by the letters of their classes (M) or, without, by their number."""
    whole = np.isfinite(points).all(axis=-1)
    points, labels = points[whole], labels[whole] if labels is not None else None
    if not len(points):
        return [Text("no points to draw")]
    columns = min(max(width - GUTTER_CHARACTERS - 2, 10), 72)
    rows = max(5, columns // 4)
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    place = (points - low) / np.where(high > low, high - low, 1) * (columns - 1, rows - 1)
    cell = np.rint(place).astype(np.int64) @ (1, columns)
    letters = _choose_letters(names) if labels is not None else ""
    groups = labels if labels is not None and letters else np.zeros(len(points), np.int64)
    counts = np.bincount(groups * (rows * columns) + cell, minlength=(max(len(letters), 1)) * rows * columns)
    counts = counts.reshape(-1, rows, columns)[:, ::-1]
    marks = [f"{high[1]:.3g}", *[""] * (rows - 2), f"{low[1]:.3g}"]
    lines = []
    for row, mark in enumerate(marks):
        line = Text(f"{mark:>{GUTTER_CHARACTERS}} │")
        for column in range(columns):
            line.append(*_choose_mark(counts[:, row, column], letters, int(counts.max())))
        line.rstrip()
        lines.append(line)
    right = f"{high[0]:.3g}"
    lines.append(Text(f"{'':{GUTTER_CHARACTERS}} └{'─' * columns}"))
    lines.append(Text(f"{'':{GUTTER_CHARACTERS}}  {f'{low[0]:.3g}':<{columns - len(right)}}{right}"))
    return [*lines, *_render_legend(letters, names, columns)]


def _choose_mark(counts: IntArray, letters: str, most: int) -> tuple[str, str]:
    """The character and the style of a cell with so many points of each class."""
    total = int(counts.sum())
    if not total:
        return " ", ""
    if not letters:
        return DENSITY_CHARACTERS[
            min(len(DENSITY_CHARACTERS) - 1, (total - 1) * len(DENSITY_CHARACTERS) // max(1, most))
        ], "cyan"
    first = int(counts.argmax())
    letter = letters[first]
    return letter.upper() if total > 1 else letter, CLASS_COLOURS[first % len(CLASS_COLOURS)]


def _choose_letters(names: Sequence[str]) -> str:
    """A small letter for each class: that of its name where these differ, otherwise a, b, c; none for too many."""
    initials = "".join(name[:1].lower() for name in names)
    if len(set(initials)) == len(names) and initials.isascii() and initials.isalpha():
        return initials
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return alphabet[: len(names)] if len(names) <= len(alphabet) else ""


def _render_legend(letters: str, names: Sequence[str], columns: int) -> list[Text]:
    """What the characters stand for, in lines as wide as the drawing."""
    indent = " " * (GUTTER_CHARACTERS + 2)
    if not letters:
        return [Text(f"{indent}{' '.join(DENSITY_CHARACTERS)}  from few points to many", style="dim")]
    lines = [Text(indent)]
    for index, (letter, name) in enumerate(zip(letters, names, strict=True)):
        entry = Text.assemble((letter, CLASS_COLOURS[index % len(CLASS_COLOURS)]), f" {name}  ")
        if len(lines[-1]) > len(indent) and len(lines[-1]) + len(entry) > len(indent) + columns:
            lines.append(Text(indent))
        lines[-1].append_text(entry)
    for line in lines:
        line.rstrip()
    return [*lines, Text(f"{indent}capitals: several points, most of this class", style="dim")]
