"""Networks before their training as one offline page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import starmap
from operator import itemgetter

from nnexp.inspection.findings import InspectionFinding
from nnexp.inspection.inspection import Inspection
from nnexp.inspection.layer_statistics import LayerStatistics
from nnexp.reports.html.figures.base import Figure
from nnexp.reports.html.figures.layer_lines import LayerQuantity, LayerSeries, cycle_colours
from nnexp.reports.html.figures.layer_numbers import (
    find_share,
    format_layer_number,
    format_layer_share,
    format_range,
)
from nnexp.reports.html.inspection.figures import LEGEND_GROUP, make_histogram_figures, make_line_figures
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


def render_inspection(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], command: str) -> str:
    """The page of what was found in networks of these specs, by this command."""
    first, colours = found[0], cycle_colours([each.init for each in found])
    body = [
        tag("p", describe_inspection(found), class_="note"),
        render_section("What the numbers say", render_grid(*_render_cards(found, colours)), id="findings"),
        render_section("Layer by layer", *_render_layers(found, colours), id="layers"),
        render_section("All numbers", *map(_render_numbers, found), id="numbers"),
        render_section("How to repeat it", *render_origin(found, specs, command), id="repeat"),
    ]
    note = f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing."
    return render_page(f"{first.name} before training", body, note)


def describe_inspection(found: Sequence[Inspection]) -> str:
    """Which network was measured, on what, with which seeds."""
    first = found[0]
    what, seeds, inits = "random normal inputs", f"seed {first.seeds[0]}", f"with {first.init}"
    if first.data == "real":
        what = "training examples"
    if len(first.seeds) > 1:
        seeds = f"mean of seeds {first.seeds[0]} to {first.seeds[-1]}"
    if len(found) > 1:
        inits = f"with {len(found)} initialisers"
    return f"The network {inits}, on {first.examples:,} {what}, {seeds}; forward and back once, nothing trained."


def _render_cards(found: Sequence[Inspection], colours: Mapping[str, str]) -> Iterator[Html]:
    """What the numbers of each initialiser say."""
    for each in found:
        words = render_list(map(_render_finding, each.findings)) or tag("p", "Nothing stands out.")
        loss = tag("p", f"Mean loss before training: {format_layer_number(each.loss)}.", class_="note")
        style = f"border-left: 4px solid {colours[escape_controls(each.init)]}; padding-left: 14px"
        yield tag("div", tag("h3", each.init), words, loss, style=style)


def _render_finding(finding: InspectionFinding) -> Html:
    """A finding, the words that it begins with in bold."""
    head, colon, rest = finding.text.partition(": ")
    return tag("span", tag("b", f"{head}{colon.strip()}"), f" {rest}" if rest else None)


def _render_layers(found: Sequence[Inspection], colours: Mapping[str, str]) -> list[Html | None]:
    """The figures."""
    lines = starmap(_render_line_figure, make_line_figures(found, colours))
    pieces = [*map(render_figure, make_histogram_figures(found, colours)), render_grid(*lines)]
    if len(found) > 1:
        pieces.insert(0, render_legend(LEGEND_GROUP, colours.items()))
    return pieces


def _render_line_figure(figure: Figure, quantity: LayerQuantity) -> Html:
    """The figure, or in words what would make an empty one."""
    if quantity.finite_values and len(quantity.layers) > 1:
        return render_figure(figure)
    layers = f"in {quantity.layers[0]}" if len(quantity.layers) == 1 else "in all layers"
    texts = [f"{series.variant}: {_describe_value(series, quantity)} {layers}" for series in quantity.series]
    caption = tag("figcaption", figure.caption)
    return tag("figure", tag("h3", figure.title), render_list(texts), caption, id=figure.name)


def _describe_value(series: LayerSeries, quantity: LayerQuantity) -> str:
    """The one number of a line without a second point."""
    if not series.finite_values:
        return "not finite"
    value = series.finite_values[0]
    if quantity.share:
        return format_layer_share(value)
    return format_layer_number(value)


def _render_numbers(each: Inspection) -> Html | None:
    """The table of all that was measured of one initialiser's network."""
    rows = list(map(_list_numbers, each.rows))
    # What no layer of this network has would be an empty column.
    known = [header for header in rows[0] if any(row[header] for row in rows)]
    table = render_table(known, map(itemgetter(*known), rows), left=2)
    return render_fold(join_pieces(["Every layer with ", render_code(each.init)]), table)


def _list_numbers(layer: LayerStatistics) -> dict[str, str]:
    """All that was measured of a layer, by header; nothing where a layer of its kind has no such number."""
    share = format_layer_share(find_share(layer))
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "shape": " × ".join(map(str, layer.shape)),
        "mean": format_layer_number(layer.mean),
        "std": format_layer_number(layer.std),
        "between examples": format_layer_number(layer.between),
        "dead": "" if layer.dead is None else share,
        "saturated": "" if layer.saturated is None else share,
        "gradient of outputs": format_layer_number(layer.gradient),
        "gradient of weights": format_layer_number(layer.weight_gradient),
        "histogram": format_range(layer),
    }
