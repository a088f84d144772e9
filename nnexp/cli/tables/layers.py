"""The layers of a network before training as tables, with small histograms."""

from __future__ import annotations

import re
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from nnexp.cli.console import GAP_CHARACTERS, fit_table, gather_columns, make_table, measure_table, shorten_escaped
from nnexp.inspection.layer_statistics import HISTOGRAM_BINS
from nnexp.wording import format_three_digits, format_whole_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.table import Table

    from nnexp.inspection.inspection import Inspection
    from nnexp.inspection.layer_statistics import LayerStatistics

OPTIONAL_COLUMNS = ("mean", "gradient of outputs", "histogram", "gradient of weights", "dead or sat.")
"""Columns that are left out of a narrow table, the first first."""

BAR_CHARACTERS = "▁▂▃▄▅▆▇█"

BAR_COUNTS = (24, 12, 8)
"""How many bars a histogram may have, the most first; divisors of HISTOGRAM_BINS."""

COLUMN_EXTRA_CHARACTERS = 11
"""What a column takes besides its bars: a number, and the space around."""

MAX_HEADER_CHARACTERS = 14
"""The characters of a line above an initialiser's column."""

MIN_NUMBER_CHARACTERS = 8
"""What the widest number takes, such as 2.8e-07, and a space."""


def render_network(found: Inspection, width: int) -> Table:
    """Every layer, with all that is known of it."""
    columns = gather_columns(map(_format_layer, found.rows))
    # Units of most activations can be neither.
    if not any(columns["dead or sat."]):
        del columns["dead or sat."]
    bars = _choose_bars(BAR_COUNTS, width - measure_table(columns) - GAP_CHARACTERS)
    columns["histogram"] = [format_histogram(row.histogram, bars) for row in found.rows]
    return _align_histograms(fit_table(columns, OPTIONAL_COLUMNS, width))


def _format_layer(row: LayerStatistics) -> dict[str, str]:
    return {
        "layer": row.name,
        "mean": format_three_digits(row.mean),
        "std": format_three_digits(row.std),
        "dead or sat.": _format_share(row),
        "gradient of outputs": format_three_digits(row.gradient),
        "gradient of weights": _format_weight_gradient(row),
    }


def _choose_bars(choices: Sequence[int], room: int) -> int:
    """The most bars that find room; the fewest where there is none."""
    for bars in choices:
        if bars <= room:
            return bars
    return choices[-1]


def render_initializers(found: Sequence[Inspection], width: int) -> Iterator[Table]:
    """Initialisers side by side: std and histogram, what is dead or saturated, the gradients of the weights."""
    first = found[0]
    compared = [first.inputs.name, *first.carriers, first.layers[-1].name]
    weighted = [layer.name for layer in first.layers if layer.weight_gradient is not None]
    known = [layer.name for layer in first.layers if _format_share(layer)]
    room = width - GAP_CHARACTERS - 1 - max(map(len, compared + weighted))
    most = min(len(found), max(1, room // (BAR_COUNTS[-1] + COLUMN_EXTRA_CHARACTERS)))
    # Rather two tables of three than one of four and one of two.
    most = ceil(len(found) / ceil(len(found) / most))
    bars = _choose_bars(BAR_COUNTS[1:], room // most - COLUMN_EXTRA_CHARACTERS)

    def format_histogram_cell(row: LayerStatistics) -> str:
        return f"{format_three_digits(row.std):>7} {format_histogram(row.histogram, bars)}"

    for batch in split_batches(found, most):
        yield _render_side_by_side("standard deviation and histogram", batch, compared, format_histogram_cell)
    widest = max(MIN_NUMBER_CHARACTERS, *map(_measure_header, found))
    for batch in split_batches(found, max(1, room // (GAP_CHARACTERS + widest))):
        if known:
            yield _render_side_by_side("dead or saturated", batch, known, _format_share)
        yield _render_side_by_side("gradient of the weights", batch, weighted, _format_weight_gradient)


def split_batches(found: Sequence[Inspection], most: int) -> Iterator[Sequence[Inspection]]:
    """At most so many at a time."""
    for start in range(0, len(found), most):
        yield found[start : start + most]


def _measure_header(each: Inspection) -> int:
    return max(map(len, _format_header(each).split("\n")))


def _render_side_by_side(
    title: str, found: Sequence[Inspection], names: Sequence[str], format_cell: Callable[[LayerStatistics], str]
) -> Table:
    """A row for each of some layers, a column for each initialiser."""
    shown = make_table("layer", *map(_format_header, found), title=title)
    # The networks differ in nothing but the initialiser: their layers stand in the same places.
    for layers in zip(*(each.rows for each in found), strict=True):
        if layers[0].name in names:
            shown.add_row(layers[0].name, *map(format_cell, layers))
    return shown


def _format_header(each: Inspection) -> str:
    """An initialiser above its column: its name, and below it each of its parameters."""
    lines = []
    for word in re.split(": {|, ", each.init):
        text = word.strip(" {}").replace(": ", " ")
        lines.append(shorten_escaped(text, MAX_HEADER_CHARACTERS))
    return "\n".join(lines)


def _align_histograms(shown: Table) -> Table:
    if shown.columns[-1].header == "histogram":
        shown.columns[-1].justify = "left"
    return shown


def format_histogram(shares: Sequence[float], bars: int) -> str:
    """Shares as bars, of which the fullest bin's is the highest."""
    heights = np.reshape(shares, (bars, HISTOGRAM_BINS // bars)).sum(axis=-1)
    # Without a finite output every bin is empty, and the highest is 0.
    levels = np.rint((len(BAR_CHARACTERS) - 1) * (heights / (heights.max() or 1)))
    return "".join(BAR_CHARACTERS[int(level)] for level in levels)


def describe_columns(found: Sequence[Inspection]) -> Iterator[str]:
    """What the columns mean."""
    layers = list(chain.from_iterable(each.rows for each in found))
    yield f"histograms: {_describe_ranges(layers)}; what lies beyond is in the outermost bars"
    if found[0].has_share("dead"):
        yield "dead: ReLU units (in images: channels) that output 0 for all of these examples"
    if found[0].has_share("saturated"):
        yield "saturated: |tanh| > 0.99, sigmoid within 0.01 of 0 or 1"
    others = ""
    if len(found) == 1:
        others = "the outputs (root mean square over examples) and "
    yield f"gradient: norm of the gradient of the loss with respect to {others}the weights, without penalties"


def _describe_ranges(layers: Sequence[LayerStatistics]) -> str:
    """The ranges of the histograms: of each kind of layer that has its own, and of all others, as of the inputs."""
    # The inputs come first: most layers have their range.
    usual = layers[0].low, layers[0].high
    special: dict[tuple[float, float], list[str]] = {}
    for layer in layers:
        limits = layer.low, layer.high
        if limits != usual and layer.kind not in special.setdefault(limits, []):
            special[limits].append(layer.kind)
    if not special:
        return f"from {usual[0]:g} to {usual[1]:g}"
    words = [f"{', '.join(kinds)} {low:g} to {high:g}" for (low, high), kinds in special.items()]
    return ", ".join([*words, f"others {usual[0]:g} to {usual[1]:g}"])


def _format_share(row: LayerStatistics) -> str:
    if row.dead is not None:
        return format_whole_percent(row.dead)
    return format_whole_percent(row.saturated)


def _format_weight_gradient(row: LayerStatistics) -> str:
    return format_three_digits(row.weight_gradient)
