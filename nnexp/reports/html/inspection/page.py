"""Networks before their training as one offline page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version

from nnexp.inspection.inspection import Inspection
from nnexp.inspection.layer_statistics import LayerStatistics
from nnexp.reports.html.figures.base import Figure
from nnexp.reports.html.inspection.histograms import (
    find_share,
    format_number,
    format_percent,
    format_range,
    plot_network,
    plot_side_by_side,
)
from nnexp.reports.html.inspection.lines import (
    LayerQuantity,
    LayerSeries,
    cycle_colours,
    group_overlapping,
    plot_by_layer,
)
from nnexp.reports.html.inspection.origin import render_origin
from nnexp.reports.html.markup import (
    Html,
    escape_controls,
    join_pieces,
    render_code,
    render_fold,
    render_list,
    render_table,
    tag,
)
from nnexp.reports.html.page import render_figure, render_grid, render_legend, render_page, render_section
from nnexp.spec.spec import Spec
from nnexp.wording import format_layer_names

LEGEND_GROUP = "layers"

MAX_FIGURE_INITIALIZERS = 5
"""Initialisers whose histograms stand in one figure."""

MAX_HISTOGRAM_LAYERS = 40
"""Layers whose histograms are drawn."""


def render_inspection(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], command: str) -> str:
    """The page of what was found in networks of these specs, by this command."""
    first, colours = found[0], cycle_colours([each.init for each in found])
    body = [
        tag("p", describe_inspection(found), class_="note"),
        render_section(
            "What the numbers say", render_grid(*(_render_card(each, colours) for each in found)), id="findings"
        ),
        render_section("Layer by layer", *_render_layers(found, colours), id="layers"),
        render_section("All numbers", *(_render_numbers(each) for each in found), id="numbers"),
        render_section("How to repeat it", *render_origin(found, specs, command), id="repeat"),
    ]
    note = f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing."
    return render_page(f"{first.name} before training", body, note)


def describe_inspection(found: Sequence[Inspection]) -> str:
    """What was looked at."""
    first = found[0]
    what = "training examples" if first.data == "real" else "random normal inputs"
    seeds = f"mean of seeds {first.seeds[0]} to {first.seeds[-1]}" if len(first.seeds) > 1 else f"seed {first.seeds[0]}"
    inits = f"with {first.init}" if len(found) == 1 else f"with {len(found)} initialisers"
    return f"The network {inits}, on {first.examples:,} {what}, {seeds}; forward and back once, nothing trained."


def _render_card(each: Inspection, colours: Mapping[str, str]) -> Html:
    """What is to be said of one initialiser."""
    colour = colours[escape_controls(each.init)]
    words = render_list(_render_sentence(finding.text) for finding in each.findings) or tag("p", "Nothing stands out.")
    loss = tag("p", f"Mean loss before training: {format_number(each.loss)}.", class_="note")
    return tag("div", tag("h3", each.init), words, loss, style=f"border-left: 4px solid {colour}; padding-left: 14px")


def _render_sentence(text: str) -> Html:
    """A finding, the words that it begins with in bold."""
    head, colon, rest = text.partition(": ")
    return tag("span", tag("b", f"{head}{colon.strip()}"), f" {rest}" if rest else None)


def _render_layers(found: Sequence[Inspection], colours: Mapping[str, str]) -> list[Html | None]:
    """The figures."""
    buttons = render_legend(LEGEND_GROUP, colours.items()) if len(found) > 1 else None
    return [
        buttons,
        *map(_render_figure, make_histogram_figures(found, colours)),
        render_grid(*map(_render_line_figure, make_line_figures(found, colours))),
    ]


def _render_figure(one: Figure) -> Html:
    return render_figure(one.name, one.title, one.make_page_chart(), one.caption, group=LEGEND_GROUP)


def select_compared_layers(each: Inspection) -> list[LayerStatistics]:
    """The inputs, the layers that the findings compare with each other, and the last one."""
    names = {*each.carriers, each.layers[-1].name}
    return [each.inputs, *(layer for layer in each.layers if layer.name in names)]


def make_histogram_figures(found: Sequence[Inspection], colours: Mapping[str, str]) -> Iterator[Figure]:
    """What layers give, as small histograms."""
    layers = select_compared_layers(found[0]) if len(found) > 1 else [found[0].inputs, *found[0].layers]
    places = _thin_layers(len(layers))
    how = _describe_histograms(found, layers, places)
    if len(found) == 1:
        drawn = [layers[place] for place in places]
        yield Figure("histograms", "Outputs of each layer", how, partial(plot_network, drawn, colours))
        return
    names, parts = list(colours), -(-len(found) // MAX_FIGURE_INITIALIZERS)
    beside = -(-len(found) // parts)
    for part, start in enumerate(range(0, len(found), beside)):
        own = names[start : start + beside]
        networks = [select_compared_layers(each) for each in found[start : start + beside]]
        rows = [{name: network[place] for name, network in zip(own, networks, strict=True)} for place in places]
        slug, title = (
            ("histograms", "Outputs of the layers")
            if part == 0
            else (f"histograms-{part + 1}", "Outputs of the layers, continued")
        )
        make = partial(plot_side_by_side, rows, {name: colours[name] for name in own})
        yield Figure(slug, title, how if start + beside >= len(found) else "", make)


def _thin_layers(count: int) -> list[int]:
    """The places of the layers that are drawn, the first and the last among them."""
    if count <= MAX_HISTOGRAM_LAYERS:
        return list(range(count))
    return [round(at * (count - 1) / (MAX_HISTOGRAM_LAYERS - 1)) for at in range(MAX_HISTOGRAM_LAYERS)]


def _describe_histograms(found: Sequence[Inspection], layers: Sequence[LayerStatistics], places: Sequence[int]) -> str:
    """How the histograms are to be read."""
    words = ["All outputs of a layer for all examples, in 24 bins; the fullest bin is the highest."]
    where = "below each" if len(found) == 1 else "below a layer's name"
    words.append(f"The range stands {where}, and what lies beyond it is in the outermost bars.")
    if len(found) > 1:
        between = (
            ", the layers that the findings compare, and the last one" if found[0].carriers else " and the last layer"
        )
        words.append(f"The number is the standard deviation (std). Drawn are the inputs{between}.")
    if len(places) < len(layers):
        words.append(f"Of {len(layers)} layers {len(places)} at equal distances are drawn.")
    return " ".join(words)


def make_line_figures(
    found: Sequence[Inspection], colours: Mapping[str, str]
) -> Iterator[tuple[Figure, LayerQuantity]]:
    """What changes from layer to layer, as lines."""
    some = [select_compared_layers(each) for each in found]
    every = [each.layers for each in found]
    norm = "norm of the gradient"
    quantities = {
        "spread": (
            "Spread of the outputs",
            _make_field_quantity("standard deviation", some, colours, "std"),
            STD_CAPTION,
        ),
        "shares": _make_share_quantity(found, colours),
        "gradients": (
            "Gradient of the outputs",
            _make_field_quantity(norm, some, colours, "gradient"),
            OUTPUT_GRADIENT_CAPTION,
        ),
        "weight-gradients": (
            "Gradient of the weights",
            _make_field_quantity(norm, every, colours, "weight_gradient"),
            WEIGHT_GRADIENT_CAPTION,
        ),
    }
    for name, (title, measured, words) in quantities.items():
        if measured.layers:
            caption = " ".join([words, *_describe_exceptions(measured, found)])
            yield Figure(name, title, caption, partial(plot_by_layer, measured, colours)), measured


STD_CAPTION = "The standard deviation over all outputs of a layer for all examples."
OUTPUT_GRADIENT_CAPTION = (
    "By the outputs of each layer: the norm of the gradient of one example's loss, root mean square over examples. It "
    "goes from right to left."
)
WEIGHT_GRADIENT_CAPTION = (
    "By all weights and biases of a layer: the norm of the gradient of the mean loss, without penalties."
)
DEAD_WORDS = (
    "dead units",
    "units",
    "Dead: ReLU units (in images: channels) that output 0 for all of these examples.",
)
SATURATED_WORDS = (
    "saturated outputs",
    "outputs",
    "Saturated: outputs with |tanh| > 0.99, or of sigmoid within 0.01 of 0 or 1.",
)


def _make_field_quantity(
    title: str, networks: Sequence[Sequence[LayerStatistics]], colours: Mapping[str, str], field: str
) -> LayerQuantity:
    return _make_quantity(
        title, networks, [[getattr(layer, field) for layer in layers] for layers in networks], colours
    )


def _make_quantity(
    title: str,
    networks: Sequence[Sequence[LayerStatistics]],
    numbers: Sequence[Sequence[float | None]],
    colours: Mapping[str, str],
    *,
    share: bool = False,
) -> LayerQuantity:
    """A quantity in the layers of networks that differ in nothing but the initialiser."""
    names = tuple(layer.name for layer in networks[0])
    series = tuple(LayerSeries(name, tuple(own)) for name, own in zip(colours, numbers, strict=True))
    return LayerQuantity(title, names, series, share).drop_unknown_layers()


def _make_share_quantity(found: Sequence[Inspection], colours: Mapping[str, str]) -> tuple[str, LayerQuantity, str]:
    """The title of what is dead or saturated, the shares, and what the words mean."""
    first = found[0].layers
    known = [
        *([DEAD_WORDS] if any(layer.dead is not None for layer in first) else []),
        *([SATURATED_WORDS] if any(layer.saturated is not None for layer in first) else []),
    ]
    title = " and ".join(title for title, _, _ in known).capitalize()
    of = f"share of the {' or '.join(of for _, of, _ in known)}"
    every = [each.layers for each in found]
    shares = [[find_share(layer) for layer in layers] for layers in every]
    return title, _make_quantity(of, every, shares, colours, share=True), " ".join(meaning for _, _, meaning in known)


def _describe_exceptions(measured: LayerQuantity, found: Sequence[Inspection]) -> Iterator[str]:
    """What the figure cannot show, and how zeros are drawn."""
    if measured.has_zeros:
        yield "Exact zeros have no place on a logarithmic scale: they are hollow, on the mark 0 below it."
    for names in group_overlapping(measured):
        yield f"These lie over each other: {', '.join(names)}."
    kinds = {layer.name: layer.kind for layer in (found[0].inputs, *found[0].layers)}
    for one in measured.series:
        lost = [
            name
            for name, value in zip(measured.layers, one.values, strict=True)
            if value is not None and not math.isfinite(value)
        ]
        if lost:
            yield f"Not finite: {one.variant} in {format_layer_names(lost, kinds)}."


def _render_line_figure(entry: tuple[Figure, LayerQuantity]) -> Html:
    """The figure, or in words what would make an empty one."""
    one, measured = entry
    if measured.finite_values and len(measured.layers) > 1:
        return _render_figure(one)
    layers = f"in {measured.layers[0]}" if len(measured.layers) == 1 else "in all layers"
    texts = [_describe_series(series, measured, layers) for series in measured.series]
    return tag("figure", tag("h3", one.title), render_list(texts), tag("figcaption", one.caption), id=one.name)


def _describe_series(series: LayerSeries, measured: LayerQuantity, layers: str) -> str:
    if not series.finite_values:
        return f"{series.variant}: not finite {layers}"
    value = series.finite_values[0]
    return f"{series.variant}: {format_percent(value) if measured.share else format_number(value)} {layers}"


def _render_numbers(each: Inspection) -> Html:
    """The table of all that was measured of one initialiser's network."""
    headers = (
        *("layer", "kind", "shape", "mean", "std", "between examples", "dead", "saturated"),
        *("gradient of outputs", "gradient of weights", "histogram"),
    )
    rows = [
        (
            layer.name,
            layer.kind,
            " × ".join(map(str, layer.shape)),
            *map(format_number, (layer.mean, layer.std, layer.between)),
            *(
                format_percent(find_share(layer)) if share is not None else ""
                for share in (layer.dead, layer.saturated)
            ),
            *map(format_number, (layer.gradient, layer.weight_gradient)),
            format_range(layer),
        )
        for layer in (each.inputs, *each.layers)
    ]
    kept = [at for at in range(len(headers)) if any(row[at] for row in rows)]
    shown = render_table([headers[at] for at in kept], [[row[at] for at in kept] for row in rows], left=2)
    return render_fold(join_pieces(["Every layer with ", render_code(each.init)]), shown)
