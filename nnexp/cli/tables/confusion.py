"""Predicted classes as tables: what was taken for what, and each class by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape

from nnexp.cli.console import MIN_NAME_CHARACTERS, fit_table, gather_columns, make_table, shorten_escaped
from nnexp.wording import format_percent, format_thousands

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.metrics.breakdown import ClassBreakdown

MAX_LISTED_CONFUSIONS = 15
"""How many confusions are listed where the whole matrix finds no room."""

EDGE_CHARACTERS = 2
"""What the form of a table takes to the left and to the right of its columns."""


CONFUSION_FIGURES_CHARACTERS = 30
"""What the numbers of a confusion take, beside the names of its two classes."""

CLASS_FIGURES_CHARACTERS = 40
"""What the narrowest row of numbers of a class takes, beside its name."""


def render_confusions(found: ClassBreakdown, width: int) -> tuple[str, Table | None]:
    """The confusion matrix below a line that says how to read it; where it finds no room, the largest confusions.

    The columns have the names of the classes or, where these are too long, their numbers, and stand two spaces apart or
    one.
    """
    cells = list(map(_format_counts, found.confusion.tolist()))
    numbers = list(map(str, range(len(cells))))
    for names, headers in ((found.classes, found.classes), (_number_names(found.classes), numbers)):
        needed = _measure_matrix(names, headers, cells)
        for gap in (2, 1):
            if needed + gap * len(cells) <= width:
                return "rows: the right class; columns: the predicted one", _render_matrix(names, headers, cells, gap)
    return _render_largest(found, width)


def _format_counts(counts: Sequence[int]) -> list[str]:
    """A row of the matrix: a point for none, so that the confusions there are stand out."""
    return [str(count or ".") for count in counts]


def _number_names(names: Sequence[str]) -> list[str]:
    return [f"{number} {name}" for number, name in enumerate(names)]


def _measure_matrix(names: Sequence[str], headers: Sequence[str], cells: list[list[str]]) -> int:
    """Characters that a matrix takes, without the gaps between its columns."""
    needed = EDGE_CHARACTERS + max(1, *map(len, names))
    for column in zip(headers, *cells, strict=True):
        needed += max(map(len, column))
    return needed


def _render_matrix(names: Sequence[str], headers: Sequence[str], cells: list[list[str]], gap: int) -> Table:
    shown = make_table("", *map(escape, headers))
    # A matrix of many classes needs every character: a gap stands on one side of a cell alone.
    shown.padding = (0, 0, 0, gap - 1)
    shown.pad_edge = False
    for name, row in zip(names, cells, strict=True):
        shown.add_row(escape(name), *row)
    return shown


def _render_largest(found: ClassBreakdown, width: int) -> tuple[str, Table | None]:
    """The most frequent confusions, and the share of the right class's examples that each is."""
    counts = np.array(found.confusion)
    np.fill_diagonal(counts, 0)  # what is right is no confusion
    pairs = list(zip(*np.nonzero(counts), strict=True))
    if not pairs:
        return "every example is right", None
    pairs.sort(key=lambda pair: -found.confusion[pair])  # stable: equal counts stay in the order of the classes
    listed = pairs[:MAX_LISTED_CONFUSIONS]
    names = _shorten_class_names(found, (width - CONFUSION_FIGURES_CHARACTERS) // 2)
    rows = []
    for right, predicted in listed:
        count = found.confusion[right, predicted]
        rows.append(
            {
                "right class": names[right],
                "predicted": names[predicted],
                "examples": f"{count:,}",
                "of class": format_percent(count / found.class_counts[right]),
            }
        )
    what = "all confusions"
    if len(listed) < len(pairs):
        what = f"the {len(listed)} largest of {len(pairs)} confusions"
    return f"{what}; --json has the whole matrix", fit_table(gather_columns(rows), ("of class",), width)


def render_classes(found: ClassBreakdown, width: int) -> Table:
    """Examples, predictions, precision, recall and F1 of each class; - where it is a share of nothing."""
    columns = {
        "class": _shorten_class_names(found, width - CLASS_FIGURES_CHARACTERS),
        "examples": list(map(format_thousands, found.class_counts)),
        "predicted": list(map(format_thousands, found.predicted_counts)),
        "precision": list(map(format_percent, found.precision)),
        "recall": list(map(format_percent, found.recall)),
        "F1": list(map(format_percent, found.f1)),
    }
    return fit_table(columns, ("predicted", "examples"), width)


def _shorten_class_names(found: ClassBreakdown, room: int) -> list[str]:
    """The names of the classes, with their numbers where they are shortened."""
    if max(map(len, found.classes)) <= room:
        return list(map(escape, found.classes))
    return [shorten_escaped(name, max(MIN_NAME_CHARACTERS, room)) for name in _number_names(found.classes)]
