"""Predicted classes as tables: what was taken for what, and each class by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape

from nnexp.cli.console import fit_table, make_table, shorten_escaped
from nnexp.wording import format_percent

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.metrics.breakdown import ClassBreakdown

MAX_LISTED_CONFUSIONS = 15
"""How many confusions are listed where the whole matrix finds no room."""

EDGE_CHARACTERS = 2
"""What the form of a table takes to the left and to the right of its columns."""


def render_confusions(found: ClassBreakdown, width: int) -> tuple[str, Table | None]:
    """The confusion matrix below a line that says how to read it; where it finds no room, the largest confusions.

    The columns have the names of the classes or, where these are too long, their numbers, and stand two spaces apart or
    one.
    """
    cells = [[str(count) if count else "." for count in counts] for counts in found.confusion.tolist()]
    numbers = [str(number) for number in range(len(cells))]
    numbered = [f"{number} {name}" for number, name in zip(numbers, found.classes, strict=True)]
    for names, headers in ((found.classes, found.classes), (numbered, numbers)):
        widths = [max(map(len, column)) for column in ((" ", *names), *zip(headers, *cells, strict=True))]
        for gap in (2, 1):
            if EDGE_CHARACTERS + sum(widths) + gap * len(cells) <= width:
                return "rows: the right class; columns: the predicted one", _render_matrix(names, headers, cells, gap)
    return _render_largest(found, width)


def _render_matrix(names: Sequence[str], headers: Sequence[str], cells: list[list[str]], gap: int) -> Table:
    shown = make_table("", *map(escape, headers))
    shown.padding = (0, 0, 0, gap - 1)
    shown.pad_edge = False
    for name, row in zip(names, cells, strict=True):
        shown.add_row(escape(name), *row)
    return shown


def _render_largest(found: ClassBreakdown, width: int) -> tuple[str, Table | None]:
    """The most frequent confusions, and the share of the right class's examples that each is."""
    counts = np.array(found.confusion)
    np.fill_diagonal(counts, 0)
    pairs = list(zip(*np.nonzero(counts), strict=True))
    if not pairs:
        return "every example is right", None
    pairs.sort(key=lambda pair: -found.confusion[pair])  # stable: equal counts stay in the order of the classes
    listed = pairs[:MAX_LISTED_CONFUSIONS]
    names = _shorten_class_names(found, (width - 30) // 2)
    columns = {
        "right class": [names[i] for i, _ in listed],
        "predicted": [names[j] for _, j in listed],
        "examples": [f"{found.confusion[pair]:,}" for pair in listed],
        "of class": [format_percent(found.confusion[i, j] / found.class_counts[i]) for i, j in listed],
    }
    what = f"the {len(listed)} largest of {len(pairs)} confusions" if len(listed) < len(pairs) else "all confusions"
    return f"{what}; --json has the whole matrix", fit_table(columns, ("of class",), width)


def render_classes(found: ClassBreakdown, width: int) -> Table:
    """Examples, predictions, precision, recall and F1 of each class; - where it is a share of nothing."""
    columns = {
        "class": _shorten_class_names(found, width - 40),
        "examples": [f"{count:,}" for count in found.class_counts],
        "predicted": [f"{count:,}" for count in found.predicted_counts],
        "precision": list(map(format_percent, found.precision)),
        "recall": list(map(format_percent, found.recall)),
        "F1": list(map(format_percent, found.f1)),
    }
    return fit_table(columns, ("predicted", "examples"), width)


def _shorten_class_names(found: ClassBreakdown, room: int) -> list[str]:
    """The names of the classes, with their numbers where they are shortened."""
    fits = max(map(len, found.classes)) <= room
    names = found.classes if fits else [f"{number} {name}" for number, name in enumerate(found.classes)]
    return [shorten_escaped(name, max(8, room)) for name in names]
