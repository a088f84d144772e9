"""Points in a terminal.

M points, K classes; a cell is one character
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
from rich.text import Text

from nnexp.typing import AnyArray, IntArray

CLASS_COLOURS = ("cyan", "yellow", "magenta", "green", "red", "blue", "white")

DENSITY_CHARACTERS = "·o8@"
"""A cell with the fewest points, up to one with the most."""

GUTTER_CHARACTERS = 9
"""The columns for the numbers at the left."""

MIN_COLUMNS = 10
"""A drawing is no narrower, however narrow the terminal."""

MAX_COLUMNS = 72
"""A drawing is no wider: larger ones do not fit the height of a terminal."""

MIN_ROWS = 5

COLUMNS_PER_ROW = 4
"""A character is about twice as high as wide, so that a drawing is twice as wide as high."""


def render_scatter(points: AnyArray, labels: IntArray | None, names: Sequence[str], width: int) -> list[Text]:
    """Points (M, 2) as lines of a terminal, by the letters of their classes (M) or, without, by their number."""
    whole = np.isfinite(points).all(axis=-1)
    points = points[whole]
    if not len(points):
        return [Text("no points to draw")]
    columns = min(max(width - GUTTER_CHARACTERS - 2, MIN_COLUMNS), MAX_COLUMNS)
    rows = max(MIN_ROWS, columns // COLUMNS_PER_ROW)
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    # Where all points have the same coordinate, there is no range to divide by.
    place = (points - low) / np.where(high > low, high - low, 1) * (columns - 1, rows - 1)
    cell = np.rint(place).astype(np.int64) @ (1, columns)
    letters = ""
    if labels is not None:
        letters = _choose_letters(names)
        if letters:
            cell += labels[whole] * (rows * columns)
    counts = np.bincount(cell, minlength=max(len(letters), 1) * rows * columns)
    # The first row of a terminal is the top, where the second coordinate is largest.
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
        # One point has the first character, the fullest cell the last.
        level = (total - 1) * len(DENSITY_CHARACTERS) // max(1, most)
        return DENSITY_CHARACTERS[level], "cyan"
    first = int(counts.argmax())
    letter = letters[first]
    if total > 1:
        letter = letter.upper()
    return letter, CLASS_COLOURS[first % len(CLASS_COLOURS)]


def _choose_letters(names: Sequence[str]) -> str:
    """A small letter for each class: that of its name where these differ, otherwise a, b, c; none for too many."""
    initials = "".join(name[:1].lower() for name in names)
    if len(set(initials)) == len(names) and initials.isascii() and initials.isalpha():
        return initials
    if len(names) > len(ascii_lowercase):
        return ""
    return ascii_lowercase[: len(names)]


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
