"""nnexp data show"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.options import Json, Overrides

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.data.ranges import Ranges
    from nnexp.showing import Look
    from nnexp.typing import IntArray

MANY, FEW = 20, 5
"""Of more than MANY rows, the first and last FEW are shown."""

BARS, BAR = "", 24
"""The header of the column of bars, and the length of the longest."""


def show(
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
    """Look at a data set: examples, shape, targets, classes, ranges, what is missing, and the points of a plane."""
    from nnexp.cli.render import err, out, print_json
    from nnexp.showing import look

    if png is not None:
        from nnexp.pictures import check_target

        check_target(png)
    found = look(source, overrides or ())
    if png is not None:
        from nnexp.pictures import draw

        draw(found, png)
    if json:
        print_json(found.as_dict() | ({"png": str(png)} if png else {}))
        return
    for line in _summary(found):
        out.print(line, markup=False)
    for shown in _tables(found, out.width):
        out.print(shown)
    _points(found)
    if max(len(found.inputs), len(found.description.classes)) > MANY:
        err.print("--json has every row", style="dim")
    if png is not None:
        err.print(f"{png} written", markup=False)
    elif found.is_images:
        err.print("--png FILE draws examples of each class", style="dim")


def _summary(found: Look) -> Iterator[str]:
    """The lines above the tables."""
    from nnexp.layers.base import times

    data, description = found.data, found.description
    word = "" if found.is_images else f" feature{'s' if description.shape != (1,) else ''}"
    yield f"{found.name}: {len(data.x):,} examples of {times(description.shape)}{word}, {data.x.dtype}"
    outputs = len(description.classes)
    what = {"classes": "classes", "binary": "yes-or-no outputs", "values": "values"}[description.targets]
    yield f"targets: {outputs:,} {what if outputs > 1 else what.removesuffix('s')}"
    if found.predicted != description:
        names = ", ".join(task.name for task in found.predicted.tasks)
        kind = f"{found.predicted.outputs} {found.predicted.targets}"
        yield f"predicted: {f'the tasks {names}' if names else kind}"
    if description.own_test:
        yield f"own test part: the last {description.own_test:,} examples"
    if found.parts:
        yield "parts: " + ", ".join(f"{part} {len(rows):,}" for part, rows in found.parts.items())
    missing, total = int(found.ranges.missing.sum()), data.x.size
    if missing:
        where = found.ranges.missing.argsort(kind="stable")[::-1][:FEW]
        most = ", ".join(f"{found.inputs[f]} {found.ranges.missing[f]:,}" for f in where if found.ranges.missing[f])
        filled = f"; filled in with the {data.fill} of the training part" if data.fill in ("mean", "median") else ""
        yield f"missing: {missing:,} of {total:,} numbers, most in {most}{filled}"
    yield f"fingerprint: {found.fingerprint[:12]}"


def _tables(found: Look, width: int) -> Iterator[Table]:
    """Classes, values and features, the long ones in part."""
    counts = found.counts()
    if len(counts):
        yield _classes(found, counts, width)
    if found.values is not None:
        yield _ranges("output", found.description.classes, found.values, width)
    word = "channel" if found.is_images else "feature"
    yield _ranges(word, [name.removeprefix("channel ") for name in found.inputs], found.ranges, width)


def _kept(count: int) -> list[int | None]:
    """The rows that are shown; None stands for those that are left out."""
    return [*range(count)] if count <= MANY else [*range(FEW), None, *range(count - FEW, count)]


def _classes(found: Look, counts: IntArray, width: int) -> Table:
    """The classes, with the examples of each in every part and a bar."""
    from nnexp.cli.render import fitted, percent

    most, total, rows = max(1, int(counts.max())), max(1, int(counts.sum())), _kept(len(counts))
    columns = {
        "class": _names(found.description.classes, rows, width - 60),
        "examples": _counts(rows, counts),
        "share": _cells(rows, lambda k: percent(counts[k] / total)),
    }
    columns |= {part: _counts(rows, found.counts(part)) for part in found.parts}
    columns[BARS] = _cells(rows, lambda k: "█" * round(BAR * counts[k] / most))
    shown = fitted(columns, (BARS, "share"), width)
    if shown.columns[-1].header == BARS:
        shown.columns[-1].justify = "left"
    return shown


def _ranges(word: str, names: Sequence[str], found: Ranges, width: int) -> Table:
    """Between which bounds the numbers lie."""
    from nnexp.cli.render import fitted

    rows = _kept(len(names))
    numbers = {"min": found.low, "mean": found.mean, "max": found.high, "std": found.deviation}
    columns = {word: _names(names, rows, width - 60)}
    columns |= {
        header: _cells(rows, list(map(_number, column.tolist())).__getitem__) for header, column in numbers.items()
    }
    if found.missing.any():
        columns["missing"] = _counts(rows, found.missing)
    return fitted(columns, ("std", "mean"), width)


def _cells(rows: Sequence[int | None], cell: Callable[[int], str]) -> list[str]:
    return ["" if row is None else cell(row) for row in rows]


def _counts(rows: Sequence[int | None], counts: IntArray) -> list[str]:
    return _cells(rows, lambda row: f"{counts[row]:,}")


def _names(names: Sequence[str], rows: Sequence[int | None], room: int) -> list[str]:
    """The names of the rows; … with how many for those that are left out."""
    from nnexp.cli.render import shortened

    left_out = len(names) - len(rows) + 1
    return [f"… {left_out:,} more" if row is None else shortened(names[row], max(8, room)) for row in rows]


def _number(value: float) -> str:
    """A number for people; whole ones without decimals."""
    from nnexp.cli.render import number

    return f"{int(value):,}" if value.is_integer() and abs(value) < 1e9 else number(value)


def _points(found: Look) -> None:
    """The points of a plane, where the set is one."""
    from nnexp.cli.render import out
    from nnexp.cli.scatter import scatter

    plane = found.plane()
    if plane is not None:
        for line in scatter(*plane, found.description.classes, min(out.width, 80)):
            out.print(line)
