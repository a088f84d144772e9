"""The layers of a network before training as tables, with small histograms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from nnexp.cli.console import fit_table, make_table, shorten_escaped
from nnexp.inspection.layer_statistics import HISTOGRAM_BINS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.table import Table

    from nnexp.inspection.inspection import Inspection
    from nnexp.inspection.layer_statistics import LayerStatistics

OPTIONAL_COLUMNS = ("mean", "gradient of outputs", "histogram", "gradient of weights", "dead or sat.")
"""Columns that are left out of a narrow table, the first first."""

BAR_CHARACTERS = "▁▂▃▄▅▆▇█"

BAR_COUNTS = (24, 12, 8)
"""How many bars a histogram may have, the most first; divisors of BINS."""

COLUMN_EXTRA_CHARACTERS = 11
"""What a column takes besides its bars: a number, and the space around."""

MAX_HEADER_CHARACTERS = 14
"""The characters of a line above an initialiser's column."""


def render_network(found: Inspection, width: int) -> Table:
    """Every layer, with all that is known of it."""
    rows = [found.inputs, *found.layers]
    numbers = {
        "layer": [row.name for row in rows],
        "mean": [_format_number(row.mean) for row in rows],
        "std": [_format_number(row.std) for row in rows],
        "dead or sat.": [_format_share(row) for row in rows],
        "gradient of outputs": [_format_number(row.gradient) for row in rows],
        "gradient of weights": [_format_number(row.weight_gradient) for row in rows],
    }
    if not any(numbers["dead or sat."]):
        del numbers["dead or sat."]
    taken = 1 + sum(3 + max(map(len, [*header.split(" "), *cells])) for header, cells in numbers.items())
    bars = next((bars for bars in BAR_COUNTS if taken + max(bars, len("histogram")) + 3 <= width), BAR_COUNTS[-1])
    columns = {**numbers, "histogram": [format_histogram(row.histogram, bars) for row in rows]}
    return _align_histograms(fit_table(columns, OPTIONAL_COLUMNS, width))


def render_initializers(found: Sequence[Inspection], width: int) -> Iterator[Table]:
    """Initialisers side by side: spread and histogram, what is dead or saturated, the gradients of the weights."""
    compared = [found[0].inputs.name, *found[0].carriers, found[0].layers[-1].name]
    weighted = [layer.name for layer in found[0].layers if layer.weight_gradient is not None]
    known = [layer.name for layer in found[0].layers if _format_share(layer)]
    room = width - 4 - max(map(len, compared + weighted))
    most = min(len(found), max(1, room // (BAR_COUNTS[-1] + COLUMN_EXTRA_CHARACTERS)))
    most = -(-len(found) // -(-len(found) // most))  # as many in each table
    bars = next((bars for bars in BAR_COUNTS[1:] if most * (bars + COLUMN_EXTRA_CHARACTERS) <= room), BAR_COUNTS[-1])

    def format_histogram_cell(row: LayerStatistics) -> str:
        return f"{_format_number(row.std):>7} {format_histogram(row.histogram, bars)}"

    for part in split_batches(found, most):
        yield _render_side_by_side("standard deviation and histogram", part, compared, format_histogram_cell)
    for part in split_batches(found, max(1, room // max(3 + max(_measure_header(each.init), 8) for each in found))):
        if known:
            yield _render_side_by_side("dead or saturated", part, known, _format_share)
        yield _render_side_by_side(
            "gradient of the weights", part, weighted, lambda row: _format_number(row.weight_gradient)
        )


def split_batches(found: Sequence[Inspection], most: int) -> Iterator[Sequence[Inspection]]:
    """At most so many at a time."""
    for start in range(0, len(found), most):
        yield found[start : start + most]


def _measure_header(init: str) -> int:
    return max(map(len, _format_header(init).split("\n")))


def _render_side_by_side(
    title: str, found: Sequence[Inspection], names: Sequence[str], cell: Callable[[LayerStatistics], str]
) -> Table:
    """A row for each of some layers, a column for each initialiser."""
    shown = make_table("layer", *(_format_header(each.init) for each in found), title=title)
    rows = [{row.name: row for row in (each.inputs, *each.layers)} for each in found]
    for name in names:
        shown.add_row(name, *(cell(layers[name]) for layers in rows))
    return shown


def _format_header(init: str) -> str:
    """An initialiser above its column: its name, and below it each of its parameters."""
    words = [word.strip(" {}") for word in re.split(": {|, ", init)]
    return "\n".join(shorten_escaped(word.replace(": ", " "), MAX_HEADER_CHARACTERS) for word in words)


def _align_histograms(shown: Table) -> Table:
    if shown.columns[-1].header == "histogram":
        shown.columns[-1].justify = "left"
    return shown


def format_histogram(shares: Sequence[float], bars: int) -> str:
    """Shares as bars, of which the fullest bin's is the highest."""
    heights = np.reshape(shares, (bars, HISTOGRAM_BINS // bars)).sum(axis=-1)
    return "".join(
        BAR_CHARACTERS[round((len(BAR_CHARACTERS) - 1) * float(height))] for height in heights / (heights.max() or 1)
    )


def describe_columns(found: Sequence[Inspection]) -> Iterator[str]:
    """What the columns mean."""
    layers = []
    for each in found:
        layers += [each.inputs, *each.layers]
    ranges = {(layer.low, layer.high): dict[str, None]() for layer in layers}
    for layer in layers:
        ranges[layer.low, layer.high][layer.kind] = None
    usual = found[0].inputs.low, found[0].inputs.high
    special = [
        f"{', '.join(kinds)} {low:g} to {high:g}" for (low, high), kinds in ranges.items() if (low, high) != usual
    ]
    words = ", ".join([*special, f"{'others' if special else 'from'} {usual[0]:g} to {usual[1]:g}"])
    yield f"histograms: {words}; what lies beyond is in the outermost bars"
    if any(layer.dead is not None for layer in layers):
        yield "dead: ReLU units (in images: channels) that output 0 for all of these examples"
    if any(layer.saturated is not None for layer in layers):
        yield "saturated: |tanh| > 0.99, sigmoid within 0.01 of 0 or 1"
    outputs = "the outputs (root mean square over examples) and " if len(found) == 1 else ""
    yield f"gradient: norm of the gradient of the loss with respect to {outputs}the weights, without penalties"


def _format_share(row: LayerStatistics) -> str:
    share = row.dead if row.dead is not None else row.saturated
    if share is None:
        return ""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _format_number(value: float | None) -> str:
    """Three digits, or two with an exponent."""
    if value is None:
        return ""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    return f"{value:#.3g}".rstrip(".") if 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"
