"""nnexp data show"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import err, fit_table, format_number, out, print_json, shorten_escaped
from nnexp.cli.options import Json, Overrides
from nnexp.cli.tables.scatter import render_scatter
from nnexp.inspection.data_pictures import check_png_path, draw_picture
from nnexp.inspection.data_preview import preview_data
from nnexp.nn.layers.base import format_shape
from nnexp.wording import format_percent

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.data.value_ranges import ValueRanges
    from nnexp.inspection.data_preview import DataPreview
    from nnexp.typing import IntArray

MAX_ROWS, EDGE_ROWS = 20, 5
"""Of more than MANY rows, the first and last FEW are shown."""

BARS_HEADER, MAX_BAR_CHARACTERS = "", 24
"""The header of the column of bars, and the length of the longest."""


def show_data(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A source, such as moons, or a spec file.", show_default=False)
    ],
    overrides: Overrides = None,
    png: Annotated[
        Path | None,
        typer.Option("--png", metavar="FILE", help="Draw images by class, or points.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Show a data set: examples, shape, targets, classes, ranges and missing values; points of a plane are drawn."""
    if png is not None:
        check_png_path(png)
    found = preview_data(source, overrides or ())
    if png is not None:
        draw_picture(found, png)
    if json:
        print_json(found.as_dict() | ({"png": str(png)} if png else {}))
        return
    for line in _list_summary_lines(found):
        out.print(line, markup=False)
    for shown in _render_tables(found, out.width):
        out.print(shown)
    _print_points(found)
    if max(len(found.input_names), len(found.description.classes)) > MAX_ROWS:
        err.print("--json has every row", style="dim")
    if png is not None:
        err.print(f"{png} written", markup=False)
    elif found.is_images:
        err.print("--png FILE draws examples of each class", style="dim")


def _list_summary_lines(found: DataPreview) -> Iterator[str]:
    """The lines above the tables."""
    data, description = found.data, found.description
    word = "" if found.is_images else f" feature{'s' if description.shape != (1,) else ''}"
    yield f"{found.name}: {len(data.x):,} examples of {format_shape(description.shape)}{word}, {data.x.dtype}"
    outputs = len(description.classes)
    what = {"classes": "classes", "binary": "yes-or-no outputs", "values": "values"}[description.targets]
    yield f"targets: {outputs:,} {what if outputs > 1 else what.removesuffix('s')}"
    if found.target_description != description:
        names = ", ".join(task.name for task in found.target_description.tasks)
        kind = f"{found.target_description.output_count} {found.target_description.targets}"
        yield f"predicted: {f'the tasks {names}' if names else kind}"
    if description.own_test:
        yield f"own test part: the last {description.own_test:,} examples"
    if found.parts:
        yield "parts: " + ", ".join(f"{part} {len(rows):,}" for part, rows in found.parts.items())
    missing, total = int(found.input_ranges.missing.sum()), data.x.size
    if missing:
        where = found.input_ranges.missing.argsort(kind="stable")[::-1][:EDGE_ROWS]
        most = ", ".join(
            f"{found.input_names[f]} {found.input_ranges.missing[f]:,}" for f in where if found.input_ranges.missing[f]
        )
        filled = f"; filled in with the {data.fill} of the training part" if data.fill in ("mean", "median") else ""
        yield f"missing: {missing:,} of {total:,} numbers, most in {most}{filled}"
    yield f"fingerprint: {found.fingerprint[:12]}"


def _render_tables(found: DataPreview, width: int) -> Iterator[Table]:
    """Classes, values and features, the long ones in part."""
    counts = found.count_examples()
    if len(counts):
        yield _render_classes(found, counts, width)
    if found.target_ranges is not None:
        yield _render_ranges("output", found.description.classes, found.target_ranges, width)
    word = "channel" if found.is_images else "feature"
    yield _render_ranges(word, [name.removeprefix("channel ") for name in found.input_names], found.input_ranges, width)


def _choose_rows(count: int) -> list[int | None]:
    """The rows that are shown; None stands for those that are left out."""
    return [*range(count)] if count <= MAX_ROWS else [*range(EDGE_ROWS), None, *range(count - EDGE_ROWS, count)]


def _render_classes(found: DataPreview, counts: IntArray, width: int) -> Table:
    """The classes, with the examples of each in every part and a bar."""
    most, total, rows = max(1, int(counts.max())), max(1, int(counts.sum())), _choose_rows(len(counts))
    columns = {
        "class": _shorten_names(found.description.classes, rows, width - 60),
        "examples": _format_counts(rows, counts),
        "share": _make_cells(rows, lambda k: format_percent(counts[k] / total)),
    }
    columns |= {part: _format_counts(rows, found.count_examples(part)) for part in found.parts}
    columns[BARS_HEADER] = _make_cells(rows, lambda k: "█" * round(MAX_BAR_CHARACTERS * counts[k] / most))
    shown = fit_table(columns, (BARS_HEADER, "share"), width)
    if shown.columns[-1].header == BARS_HEADER:
        shown.columns[-1].justify = "left"
    return shown


def _render_ranges(word: str, names: Sequence[str], found: ValueRanges, width: int) -> Table:
    """Between which bounds the numbers lie."""
    rows = _choose_rows(len(names))
    numbers = {"min": found.minimum, "mean": found.mean, "max": found.maximum, "std": found.std}
    columns = {word: _shorten_names(names, rows, width - 60)}
    columns |= {
        header: _make_cells(rows, list(map(_format_number, column.tolist())).__getitem__)
        for header, column in numbers.items()
    }
    if found.missing.any():
        columns["missing"] = _format_counts(rows, found.missing)
    return fit_table(columns, ("std", "mean"), width)


def _make_cells(rows: Sequence[int | None], cell: Callable[[int], str]) -> list[str]:
    return ["" if row is None else cell(row) for row in rows]


def _format_counts(rows: Sequence[int | None], counts: IntArray) -> list[str]:
    return _make_cells(rows, lambda row: f"{counts[row]:,}")


def _shorten_names(names: Sequence[str], rows: Sequence[int | None], room: int) -> list[str]:
    """The names of the rows; … with how many for those that are left out."""
    left_out = len(names) - len(rows) + 1
    return [f"… {left_out:,} more" if row is None else shorten_escaped(names[row], max(8, room)) for row in rows]


def _format_number(value: float) -> str:
    """A number for people; whole ones without decimals."""
    return f"{int(value):,}" if value.is_integer() and abs(value) < 1e9 else format_number(value)


def _print_points(found: DataPreview) -> None:
    """The points of a plane, where the set is one."""
    plane = found.find_plane_points()
    if plane is not None:
        for line in render_scatter(*plane, found.description.classes, min(out.width, 80)):
            out.print(line)
