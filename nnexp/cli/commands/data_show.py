"""nnexp data show"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import MIN_NAME_CHARACTERS, err, fit_table, out, print_json, shorten_escaped
from nnexp.cli.options import DataOverrides, Json
from nnexp.cli.tables.columns import list_table_lines, print_remarks, render_columns
from nnexp.cli.tables.scatter import render_scatter
from nnexp.data.file_source import FileSource, OwnFileSource
from nnexp.data.inference.remarks import find_remarks
from nnexp.data.shared_examples import count_shared_examples
from nnexp.errors import UsageError
from nnexp.inspection.data_pictures import check_png_path, draw_picture
from nnexp.inspection.data_preview import preview_data
from nnexp.inspection.table_preview import is_table_file, preview_table
from nnexp.nn.layers.base import format_shape
from nnexp.wording import format_count, format_decimal, format_percent, format_thousands

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.data.dataset import Description
    from nnexp.data.splits import PartName
    from nnexp.data.value_ranges import ValueRanges
    from nnexp.inspection.data_preview import DataPreview
    from nnexp.typing import Array, IntArray

MAX_ROWS = 20
"""A table of more rows, such as of the pixels of an image, is shown in part."""

EDGE_ROWS = 5
"""The first and the last rows of a table that is shown in part."""

BARS_HEADER = ""
"""The column of bars explains itself."""

MAX_BAR_CHARACTERS = 24
"""The length of the longest bar."""

FIGURES_CHARACTERS = 60
"""What the numbers of a row take, beside its name."""

FINGERPRINT_DIGITS = 12
"""Enough to tell two sets apart by eye; --json has the whole."""

MAX_WHOLE_NUMBER = 1e9
"""Above it even a whole number is written with an exponent."""

TARGET_NOUNS = {"classes": "classes", "binary": "yes-or-no outputs", "values": "values"}


def show_data(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A source, such as moons, a spec file, or a table of your own.", show_default=False
        ),
    ],
    overrides: DataOverrides = None,
    png: Annotated[
        Path | None,
        typer.Option("--png", metavar="FILE", help="Draw images by class, or points.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="Of a table: the column to predict.", show_default="a guess"),
    ] = None,
    json: Json = False,
) -> None:
    """Show a data set: examples, shape, targets, classes, ranges and missing values; points of a plane are drawn.

    Of a table of your own: how it is written, what each column is, and what to look at before training.
    """
    if is_table_file(source):
        _show_table(source, target, json=json)
        return
    if target is not None:
        raise UsageError("--target is for a table of your own; a spec names its target itself")
    if png is not None:
        check_png_path(png)  # before the data are loaded, which may take long
    found = preview_data(source, overrides or ())
    if png is not None:
        draw_picture(found, png)
    if json:
        document = found.as_dict()
        if png is not None:
            document["png"] = str(png)
        print_json(document)
        return
    _print_preview(found)
    if png is not None:
        err.print(f"{png} written", markup=False)
    elif found.is_images:
        err.print("--png FILE draws examples of each class", style="dim")


def _print_preview(found: DataPreview) -> None:
    """A set as lines and tables, and what to look at."""
    for line in _list_summary_lines(found):
        out.print(line, markup=False)
    for shown in _render_tables(found, out.width):
        out.print(shown)
    _print_points(found)
    print_remarks(find_remarks(found.data))
    if max(len(found.input_names), len(found.description.classes)) > MAX_ROWS:
        err.print("--json has every row", style="dim")


def _show_table(file: str, target: str | None, *, json: bool) -> None:
    """A table that no spec describes yet."""
    found = preview_table(file, target=target)
    if json:
        print_json(found.as_dict())
        return
    for line in list_table_lines(found.guess):
        out.print(line, markup=False)
    out.print(render_columns(found.guess, out.width))
    print_remarks(found.remarks)
    err.print(f"nnexp new NAME --data {shlex.quote(file)} writes a spec with all of this", style="dim", markup=False)


def _list_summary_lines(found: DataPreview) -> Iterator[str]:
    """The lines above the tables."""
    data, description = found.data, found.description
    yield f"{found.name}: {len(data.x):,} examples of {_describe_inputs(found)}, {data.x.dtype}"
    noun = TARGET_NOUNS[description.targets]
    if len(description.classes) == 1:
        noun = noun.removesuffix("s")
    yield f"targets: {len(description.classes):,} {noun}"
    if found.target_description != description:
        yield f"predicted: {_describe_predictions(found.target_description)}"
    if isinstance(found.source, FileSource):
        yield from found.source.list_decisions()
    yield from _describe_own_parts(found)
    if found.parts:
        yield "parts: " + ", ".join(f"{part} {len(rows):,}" for part, rows in found.parts.items())
        if isinstance(found.source, OwnFileSource):
            shared = count_shared_examples(found.data, found.parts).describe()
            yield shared or "no example of dev or test stands in train too"
    if found.input_ranges.missing.any():
        yield f"missing: {_describe_missing(found)}"
    yield f"fingerprint: {found.fingerprint[:FINGERPRINT_DIGITS]}"


def _describe_own_parts(found: DataPreview) -> Iterator[str]:
    """How many examples the set's own dev and test parts have, and where they are from."""
    places = found.source.find_part_places() if isinstance(found.source, FileSource) else {}
    counts: dict[PartName, int] = {"dev": found.description.own_dev, "test": found.description.own_test}
    for part, count in counts.items():
        if count:
            origin = f", from {places[part]}" if part in places else ""
            yield f"own {part} part: {format_count(count, 'example')}{origin}"


def _describe_inputs(found: DataPreview) -> str:
    """The shape of an example."""
    shape = found.description.shape
    if found.is_images:
        return format_shape(shape)
    return f"{format_shape(shape)} {'feature' if shape == (1,) else 'features'}"


def _describe_predictions(description: Description) -> str:
    """What a network predicts where that is not what the data have."""
    if description.tasks:
        return "the tasks " + ", ".join(task.name for task in description.tasks)
    return f"{description.output_count} {description.targets}"


def _describe_missing(found: DataPreview) -> str:
    """How many numbers are missing, of which features most, and what stands in for them."""
    missing = found.input_ranges.missing
    most = []
    for feature in missing.argsort(kind="stable")[::-1][:EDGE_ROWS]:
        count = int(missing[feature])
        if count:
            most.append(f"{found.input_names[feature]} {count:,}")
    text = f"{missing.sum():,} of {found.data.x.size:,} numbers, most in {', '.join(most)}"
    if found.data.fill in ("mean", "median"):
        text += f"; filled in with the {found.data.fill} of the training part"
    return text


def _render_tables(found: DataPreview, width: int) -> Iterator[Table]:
    """Classes, values and features, the long ones in part."""
    counts = found.count_examples()
    if len(counts):
        yield _render_classes(found, counts, width)
    if found.target_ranges is not None:
        yield _render_ranges("output", found.description.classes, found.target_ranges, width)
    word = "channel" if found.is_images else "feature"
    names = [name.removeprefix("channel ") for name in found.input_names]
    yield _render_ranges(word, names, found.input_ranges, width)


def _render_classes(found: DataPreview, counts: IntArray, width: int) -> Table:
    """The classes, with the examples of each in every part and a bar."""
    most, total = max(1, int(counts.max())), max(1, int(counts.sum()))
    columns = {
        "class": _shorten_names(found.description.classes, width),
        "examples": list(map(format_thousands, counts)),
        "share": list(map(format_percent, counts / total)),
    }
    for part in found.parts:
        columns[part] = list(map(format_thousands, found.count_examples(part)))
    columns[BARS_HEADER] = ["█" * round(MAX_BAR_CHARACTERS * count / most) for count in counts]
    shown = fit_table(_fold_rows(columns), (BARS_HEADER, "share"), width)
    if shown.columns[-1].header == BARS_HEADER:
        shown.columns[-1].justify = "left"
    return shown


def _render_ranges(word: str, names: Sequence[str], found: ValueRanges, width: int) -> Table:
    """Between which bounds the numbers lie."""
    columns = {
        word: _shorten_names(names, width),
        "min": _format_numbers(found.minimum),
        "mean": _format_numbers(found.mean),
        "max": _format_numbers(found.maximum),
        "std": _format_numbers(found.std),
    }
    if found.missing.any():
        columns["missing"] = list(map(format_thousands, found.missing))
    return fit_table(_fold_rows(columns), ("std", "mean"), width)


def _fold_rows(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """A long table without its middle; the first column says how many rows are left out."""
    count = len(next(iter(columns.values())))
    if count <= MAX_ROWS:
        return columns
    middle = f"… {count - 2 * EDGE_ROWS:,} more"
    folded = {}
    for header, cells in columns.items():
        folded[header] = [*cells[:EDGE_ROWS], middle, *cells[-EDGE_ROWS:]]
        middle = ""
    return folded


def _shorten_names(names: Sequence[str], width: int) -> list[str]:
    room = max(MIN_NAME_CHARACTERS, width - FIGURES_CHARACTERS)
    return [shorten_escaped(name, room) for name in names]


def _format_numbers(values: Array) -> list[str]:
    """Numbers for people; whole ones without decimals."""
    return [_format_number(value) for value in values.tolist()]


def _format_number(value: float) -> str:
    if value.is_integer() and abs(value) < MAX_WHOLE_NUMBER:
        return format_thousands(int(value))
    return format_decimal(value)


def _print_points(found: DataPreview) -> None:
    """The points of a plane, where the set is one."""
    plane = found.find_plane_points()
    if plane is not None:
        for line in render_scatter(*plane, found.description.classes, min(out.width, 80)):
            out.print(line)
