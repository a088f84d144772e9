"""The figures of an inspection: what layers give as histograms, and what changes from layer to layer as lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from nnexp.inspection.inspection import Inspection
from nnexp.inspection.layer_statistics import HISTOGRAM_BINS, LayerStatistics
from nnexp.reports.html.curves import thin_places
from nnexp.reports.html.figures.base import Figure
from nnexp.reports.html.figures.histograms import plot_network, plot_side_by_side
from nnexp.reports.html.figures.layer_lines import LayerQuantity, LayerSeries, group_overlapping, plot_by_layer
from nnexp.reports.html.figures.layer_numbers import find_share
from nnexp.wording import format_layer_names

LEGEND_GROUP = "layers"

MAX_FIGURE_INITIALIZERS = 5
"""Initialisers whose histograms stand in one figure."""

MAX_HISTOGRAM_LAYERS = 40
"""Layers whose histograms are drawn."""

NORM_TITLE = "norm of the gradient"


@dataclass(frozen=True, slots=True)
class ShareWording:
    """What units of a kind can be: in headings, of what it is a share, and what it means."""

    title: str
    units: str
    meaning: str


DEAD_WORDING = ShareWording(
    "dead units",
    "units",
    "Dead: ReLU units (in images: channels) that output 0 for all of these examples.",
)

SATURATED_WORDING = ShareWording(
    "saturated outputs",
    "outputs",
    "Saturated: outputs with |tanh| > 0.99, or of sigmoid within 0.01 of 0 or 1.",
)

STD_CAPTION = "The standard deviation over all outputs of a layer for all examples."

OUTPUT_GRADIENT_CAPTION = (
    "By the outputs of each layer: the norm of the gradient of one example's loss, root mean square over examples. It "
    "goes from right to left."
)

WEIGHT_GRADIENT_CAPTION = (
    "By all weights and biases of a layer: the norm of the gradient of the mean loss, without penalties."
)


def select_compared_layers(each: Inspection) -> list[LayerStatistics]:
    """The inputs, the layers that the findings compare with each other, and the last one."""
    names = {*each.carriers, each.layers[-1].name}
    return [row for row in each.rows if row is each.inputs or row.name in names]


def make_histogram_figures(found: Sequence[Inspection], colours: Mapping[str, str]) -> Iterator[Figure]:
    """What layers give, as small histograms."""
    if len(found) == 1:
        layers = _thin_layers(found[0].rows)
        caption = _describe_histograms(found, 1 + len(found[0].layers), len(layers))
        make = partial(plot_network, layers, colours)
        yield Figure("histograms", "Outputs of each layer", caption, make, group=LEGEND_GROUP)
        return
    networks = list(map(select_compared_layers, found))
    drawn = list(map(_thin_layers, networks))
    caption = _describe_histograms(found, len(networks[0]), len(drawn[0]))
    figure_count = math.ceil(len(found) / MAX_FIGURE_INITIALIZERS)
    per_figure = math.ceil(len(found) / figure_count)  # six are drawn as three and three, not as five and one
    name, title = "histograms", "Outputs of the layers"
    # More would leave a histogram too little room to be read.
    for start in range(0, len(found), per_figure):
        end = start + per_figure
        some = dict(islice(colours.items(), start, end))
        rows = [dict(zip(some, layers, strict=True)) for layers in zip(*drawn[start:end], strict=True)]
        below = caption if end >= len(found) else ""  # once, below the last one
        yield Figure(name, title, below, partial(plot_side_by_side, rows, some), group=LEGEND_GROUP)
        name, title = f"histograms-{end // per_figure + 1}", "Outputs of the layers, continued"


def _thin_layers(layers: Sequence[LayerStatistics]) -> list[LayerStatistics]:
    """The layers that are drawn."""
    return list(map(layers.__getitem__, thin_places(len(layers), MAX_HISTOGRAM_LAYERS)))


def _describe_histograms(found: Sequence[Inspection], layer_count: int, drawn_count: int) -> str:
    """How the histograms are to be read."""
    where = "below each" if len(found) == 1 else "below a layer's name"
    sentences = [
        f"All outputs of a layer for all examples, in {HISTOGRAM_BINS} bins; the fullest bin is the highest.",
        f"The range stands {where}, and what lies beyond it is in the outermost bars.",
    ]
    if len(found) > 1:
        between = " and the last layer"
        if found[0].carriers:
            between = ", the layers that the findings compare, and the last one"
        sentences.append(f"The number is the standard deviation (std). Drawn are the inputs{between}.")
    if drawn_count < layer_count:
        sentences.append(f"Of {layer_count} layers {drawn_count} at equal distances are drawn.")
    return " ".join(sentences)


def make_line_figures(
    found: Sequence[Inspection], colours: Mapping[str, str]
) -> Iterator[tuple[Figure, LayerQuantity]]:
    """What changes from layer to layer, as lines: each figure with the numbers that it draws."""
    compared = list(map(select_compared_layers, found))
    every = [each.layers for each in found]
    spread = _make_quantity("standard deviation", compared, lambda layer: layer.std, colours)
    share_title, share_caption, shares = _make_share_quantity(found, every, colours)
    outputs = _make_quantity(NORM_TITLE, compared, lambda layer: layer.gradient, colours)
    weights = _make_quantity(NORM_TITLE, every, lambda layer: layer.weight_gradient, colours)
    for name, title, caption, quantity in (
        ("spread", "Spread of the outputs", STD_CAPTION, spread),
        ("shares", share_title, share_caption, shares),
        ("gradients", "Gradient of the outputs", OUTPUT_GRADIENT_CAPTION, outputs),
        ("weight-gradients", "Gradient of the weights", WEIGHT_GRADIENT_CAPTION, weights),
    ):
        if quantity.layers:
            text = " ".join([caption, *_describe_exceptions(quantity, found)])
            make = partial(plot_by_layer, quantity, colours)
            yield Figure(name, title, text, make, group=LEGEND_GROUP), quantity


def _make_quantity(
    title: str,
    networks: Sequence[Sequence[LayerStatistics]],
    measure: Callable[[LayerStatistics], float | None],
    colours: Mapping[str, str],
    *,
    share: bool = False,
) -> LayerQuantity:
    """A quantity in the layers of networks that differ in nothing but the initialiser."""
    names = tuple(layer.name for layer in networks[0])
    series = []
    for init, layers in zip(colours, networks, strict=True):
        series.append(LayerSeries(init, tuple(map(measure, layers))))
    return LayerQuantity(title, names, tuple(series), share).drop_unknown_layers()


def _make_share_quantity(
    found: Sequence[Inspection], networks: Sequence[Sequence[LayerStatistics]], colours: Mapping[str, str]
) -> tuple[str, str, LayerQuantity]:
    """The title of what is dead or saturated, what the words mean, and the shares."""
    wordings = []
    # The layers of all networks are of the same kinds.
    if found[0].has_share("dead"):
        wordings.append(DEAD_WORDING)
    if found[0].has_share("saturated"):
        wordings.append(SATURATED_WORDING)
    title = " and ".join(wording.title for wording in wordings).capitalize()
    meaning = " ".join(wording.meaning for wording in wordings)
    units = " or ".join(wording.units for wording in wordings)
    return title, meaning, _make_quantity(f"share of the {units}", networks, find_share, colours, share=True)


def _describe_exceptions(quantity: LayerQuantity, found: Sequence[Inspection]) -> Iterator[str]:
    """What the figure cannot show, and how zeros are drawn."""
    if quantity.has_zeros:
        yield "Exact zeros have no place on a logarithmic scale: they are hollow, on the mark 0 below it."
    for names in group_overlapping(quantity):
        yield f"These lie over each other: {', '.join(names)}."
    kinds = {row.name: row.kind for row in found[0].rows}
    for one in quantity.series:
        lost = []
        for name, value in zip(quantity.layers, one.values, strict=True):
            if value is not None and not math.isfinite(value):
                lost.append(name)
        if lost:
            yield f"Not finite: {one.variant} in {format_layer_names(lost, kinds)}."
