"""nnexp describe"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import err, fit_table, out, print_json
from nnexp.cli.options import Json, Overrides, SpecPath
from nnexp.errors import UsageError
from nnexp.nn.layers.base import format_shape
from nnexp.registry import optimizers
from nnexp.spec.outline import outline_network
from nnexp.spec.sizes import AssumedSizes
from nnexp.wording import format_bytes

if TYPE_CHECKING:
    from nnexp.spec.outline import Outline
    from nnexp.typing import Shape

OPTIONAL_COLUMNS = (
    "parameter memory",
    "activation memory",
    "connections",
    "receptive field",
    "multiply-adds",
    "biases",
)
"""Columns that are left out of a narrow table, the first first."""

MAX_SIZE = 1_000_000


def describe(
    spec: SpecPath,
    overrides: Overrides = None,
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="HxWxC", help="Assume inputs of this size, not the data's.", show_default=False
        ),
    ] = None,
    outputs: Annotated[
        int | None,
        typer.Option(
            "--outputs", metavar="K", min=1, max=MAX_SIZE, help="Assume this number of outputs.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Shapes, parameters, multiply-adds and memory by layer."""
    found = outline_network(
        spec, overrides or (), AssumedSizes(_parse_shape(input_) if input_ is not None else None, outputs)
    )
    if json:
        print_json(found.as_dict())
        return
    columns = _make_columns(found)
    shown = fit_table(columns, OPTIONAL_COLUMNS, out.width)
    shown.rows[-2].end_section = True
    out.print(shown)
    for line in _list_summary_lines(found):
        out.print(line, markup=False)
    headers = {str(column.header).replace("\n", " ") for column in shown.columns}
    missing = [header for header in columns if header not in headers]
    if missing:
        err.print(f"no room for: {', '.join(missing)}; --json has everything", style="dim")


def _make_columns(found: Outline) -> dict[str, list[str]]:
    """The table by column: a row for each layer, those inside others indented, and the totals."""
    total = found.network
    inside = list(chain.from_iterable(part.walk_layers() for part in total.parts))
    names = [*("  " * depth + part.name for depth, part in inside), "total"]
    parts = [*(part for _, part in inside), total]
    memories = [found.estimate_memory(part) for part in parts]
    numbers = {
        "weights": [part.weights for part in parts],
        "biases": [part.biases for part in parts],
        "connections": [part.connections for part in parts],
        "multiply-adds": [part.multiply_adds for part in parts],
    }
    columns = {
        "layer": names,
        "output": [format_shape(part.output) for part in parts],
        **{header: [f"{number:,}" if number else "" for number in column] for header, column in numbers.items()},
        "receptive field": [format_shape(part.field.size) if part.field else "" for part in parts],
        "parameter memory": [format_bytes(parameters) if parameters else "" for parameters, _ in memories],
        "activation memory": [format_bytes(activations) for _, activations in memories],
    }
    return {header: cells for header, cells in columns.items() if any(cells)}


def _list_summary_lines(found: Outline) -> list[str]:
    """What is said below the table."""
    parameters, activations = found.estimate_memory(found.network)
    training, optimizer = found.spec.training, optimizers.name_of(found.spec.optimizer)
    return [
        f"{found.spec.name}: {found.network.parameters:,} parameters, inputs of {format_shape(found.input_shape)}",
        f"training with {optimizer} in {training.dtype}, batches of {found.batch_size:,}, takes",
        f"about {format_bytes(parameters)} for parameters and {format_bytes(activations)} for activations",
    ]


def _parse_shape(text: str) -> Shape:
    """The core shape in a text such as 224x224x3, or 64 for flat inputs. Raises UsageError."""
    sizes = [int(word) for word in text.split("x")] if re.fullmatch(r"[0-9]{1,7}(x[0-9]{1,7}){0,2}", text) else []
    if len(sizes) not in (1, 3) or not all(1 <= size <= MAX_SIZE for size in sizes):
        raise UsageError(f"--input: expected height, width and channels, or features: 224x224x3 or 64; found {text!r}")
    return tuple(sizes)
