"""nnexp describe"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.console import err, fit_table, gather_columns, out, print_json
from nnexp.cli.options import Json, Overrides, SpecPath
from nnexp.errors import UsageError
from nnexp.nn.layers.base import format_shape
from nnexp.registry import optimizers
from nnexp.spec.loss_notes import list_loss_notes
from nnexp.spec.outline import outline_network
from nnexp.spec.sizes import AssumedSizes
from nnexp.wording import format_bytes

if TYPE_CHECKING:
    from nnexp.nn.size import LayerSize
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
"""No network here has as many; a larger number is a slip, and its sizes would overflow."""


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
    shape = None if input_ is None else _parse_shape(input_)
    found = outline_network(spec, overrides or (), AssumedSizes(shape, outputs))
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
    rows = []
    for part in total.parts:
        for depth, layer in part.walk_layers():
            rows.append({"layer": "  " * depth + layer.name} | _format_layer(found, layer))
    rows.append({"layer": "total"} | _format_layer(found, total))
    columns = gather_columns(rows)
    return {header: cells for header, cells in columns.items() if any(cells)}


def _format_layer(found: Outline, layer: LayerSize) -> dict[str, str]:
    """The cells of a layer but its name; empty for what it has none of."""
    parameters, activations = found.estimate_memory(layer)
    return {
        "output": format_shape(layer.output),
        "weights": _format_size(layer.weights),
        "biases": _format_size(layer.biases),
        "connections": _format_size(layer.connections),
        "multiply-adds": _format_size(layer.multiply_adds),
        "receptive field": format_shape(layer.field.size) if layer.field else "",
        "parameter memory": format_bytes(parameters) if parameters else "",
        "activation memory": format_bytes(activations),
    }


def _format_size(number: int) -> str:
    return f"{number:,}" if number else ""


def _list_summary_lines(found: Outline) -> list[str]:
    """The lines below the table."""
    parameters, activations = found.estimate_memory(found.network)
    training, optimizer = found.spec.training, optimizers.name_of(found.spec.optimizer)
    return [
        f"{found.spec.name}: {found.network.parameters:,} parameters, inputs of {format_shape(found.input_shape)}",
        f"training with {optimizer} in {training.dtype}, batches of {found.batch_size:,}, takes",
        f"about {format_bytes(parameters)} for parameters and {format_bytes(activations)} for activations",
        *list_loss_notes(found.spec),
    ]


def _parse_shape(text: str) -> Shape:
    """The core shape in a text such as 224x224x3, or 64 for flat inputs. Raises UsageError."""
    # ASCII digits alone: int() takes those of every script, and underscores. As many digits as MAX_SIZE has.
    if re.fullmatch(r"[0-9]{1,7}(x[0-9]{1,7}x[0-9]{1,7})?", text):
        sizes = tuple(map(int, text.split("x")))
        if 1 <= min(sizes) <= max(sizes) <= MAX_SIZE:
            return sizes
    raise UsageError(f"--input: expected height, width and channels, or features: 224x224x3 or 64; found {text!r}")
