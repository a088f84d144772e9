"""Networks before their training as one offline page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version

from nnexp.inspection.figures import Figures
from nnexp.inspection.inspection import Inspection
from nnexp.pages.figures.base import Figure
from nnexp.pages.html import Html, block, code, folded, joined, listed, table, tag, visible
from nnexp.pages.inspection_histograms import number, one_network, percent, range_of, share_of, side_by_side
from nnexp.pages.inspection_lines import Measured, Series, by_layer, chosen, together
from nnexp.pages.shell import figure, grid, legend, page, section
from nnexp.phrases import span
from nnexp.runs.manifest import environment
from nnexp.spec.resolved import text as resolved
from nnexp.spec.sections import Origin, Spec

GROUP = "layers"

BESIDE = 5
"""Initialisers whose histograms stand in one figure."""

MOST = 40
"""Layers whose histograms are drawn."""


def html(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], command: str) -> str:
    """The page of what was found in networks of these specs, by this command."""
    first, colours = found[0], chosen([each.init for each in found])
    body = [
        tag("p", said(found), class_="note"),
        section("What the numbers say", grid(*(_card(each, colours) for each in found)), id="findings"),
        section("Layer by layer", *_layers(found, colours), id="layers"),
        section("All numbers", *(_numbers(each) for each in found), id="numbers"),
        section("How to repeat it", *_origin(found, specs, command), id="repeat"),
    ]
    note = f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing."
    return page(f"{first.name} before training", body, note)


def said(found: Sequence[Inspection]) -> str:
    """What was looked at."""
    first = found[0]
    what = "training examples" if first.data == "real" else "random normal inputs"
    seeds = f"mean of seeds {first.seeds[0]} to {first.seeds[-1]}" if len(first.seeds) > 1 else f"seed {first.seeds[0]}"
    inits = f"with {first.init}" if len(found) == 1 else f"with {len(found)} initialisers"
    return f"The network {inits}, on {first.examples:,} {what}, {seeds}; forward and back once, nothing trained."


def _card(each: Inspection, colours: Mapping[str, str]) -> Html:
    """What is to be said of one initialiser."""
    colour = colours[visible(each.init)]
    words = listed(_sentence(finding.text) for finding in each.findings) or tag("p", "Nothing stands out.")
    loss = tag("p", f"Mean loss before training: {number(each.loss)}.", class_="note")
    return tag("div", tag("h3", each.init), words, loss, style=f"border-left: 4px solid {colour}; padding-left: 14px")


def _sentence(text: str) -> Html:
    """A finding, the words that it begins with in bold."""
    head, colon, rest = text.partition(": ")
    return tag("span", tag("b", f"{head}{colon.strip()}"), f" {rest}" if rest else None)


def _layers(found: Sequence[Inspection], colours: Mapping[str, str]) -> list[Html | None]:
    """The figures."""
    buttons = legend(GROUP, colours.items()) if len(found) > 1 else None
    return [buttons, *map(_figure, histograms(found, colours)), grid(*map(_line_figure, lines(found, colours)))]


def _figure(one: Figure) -> Html:
    return figure(one.name, one.title, one.on_page(), one.caption, group=GROUP)


def compared(each: Inspection) -> list[Figures]:
    """The inputs, the layers that the findings compare with each other, and the last one."""
    names = {*each.carriers, each.layers[-1].name}
    return [each.inputs, *(layer for layer in each.layers if layer.name in names)]


def histograms(found: Sequence[Inspection], colours: Mapping[str, str]) -> Iterator[Figure]:
    """What layers give, as small histograms."""
    layers = compared(found[0]) if len(found) > 1 else [found[0].inputs, *found[0].layers]
    places = _thinned(len(layers))
    how = _how(found, layers, places)
    if len(found) == 1:
        drawn = [layers[place] for place in places]
        yield Figure("histograms", "Outputs of each layer", how, partial(one_network, drawn, colours))
        return
    names, parts = list(colours), -(-len(found) // BESIDE)
    beside = -(-len(found) // parts)
    for part, start in enumerate(range(0, len(found), beside)):
        own = names[start : start + beside]
        networks = [compared(each) for each in found[start : start + beside]]
        rows = [{name: network[place] for name, network in zip(own, networks, strict=True)} for place in places]
        slug, title = (
            ("histograms", "Outputs of the layers")
            if part == 0
            else (f"histograms-{part + 1}", "Outputs of the layers, continued")
        )
        make = partial(side_by_side, rows, {name: colours[name] for name in own})
        yield Figure(slug, title, how if start + beside >= len(found) else "", make)


def _thinned(count: int) -> list[int]:
    """The places of the layers that are drawn, the first and the last among them."""
    if count <= MOST:
        return list(range(count))
    return [round(at * (count - 1) / (MOST - 1)) for at in range(MOST)]


def _how(found: Sequence[Inspection], layers: Sequence[Figures], places: Sequence[int]) -> str:
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


def lines(found: Sequence[Inspection], colours: Mapping[str, str]) -> Iterator[tuple[Figure, Measured]]:
    """What changes from layer to layer, as lines."""
    some = [compared(each) for each in found]
    every = [each.layers for each in found]
    norm = "norm of the gradient"
    quantities = {
        "spread": ("Spread of the outputs", _measured("standard deviation", some, colours, "std"), SPREAD),
        "shares": _shares(found, colours),
        "gradients": ("Gradient of the outputs", _measured(norm, some, colours, "gradient"), OUTPUTS),
        "weight-gradients": ("Gradient of the weights", _measured(norm, every, colours, "weight_gradient"), WEIGHTS),
    }
    for name, (title, measured, words) in quantities.items():
        if measured.layers:
            caption = " ".join([words, *_remarks(measured, found)])
            yield Figure(name, title, caption, partial(by_layer, measured, colours)), measured


SPREAD = "The standard deviation over all outputs of a layer for all examples."
OUTPUTS = (
    "By the outputs of each layer: the norm of the gradient of one example's loss, root mean square over examples. It "
    "goes from right to left."
)
WEIGHTS = "By all weights and biases of a layer: the norm of the gradient of the mean loss, without penalties."
DEAD = ("dead units", "units", "Dead: relu units, of images channels, that are positive for none of these examples.")
SATURATED = (
    "saturated outputs",
    "outputs",
    "Saturated: outputs with |tanh| > 0.99, or of sigmoid within 0.01 of 0 or 1.",
)


def _measured(title: str, networks: Sequence[Sequence[Figures]], colours: Mapping[str, str], field: str) -> Measured:
    return _of(title, networks, [[getattr(layer, field) for layer in layers] for layers in networks], colours)


def _of(
    title: str,
    networks: Sequence[Sequence[Figures]],
    numbers: Sequence[Sequence[float | None]],
    colours: Mapping[str, str],
    *,
    share: bool = False,
) -> Measured:
    """A quantity in the layers of networks that differ in nothing but the initialiser."""
    names = tuple(layer.name for layer in networks[0])
    series = tuple(Series(name, tuple(own)) for name, own in zip(colours, numbers, strict=True))
    return Measured(title, names, series, share).shortened()


def _shares(found: Sequence[Inspection], colours: Mapping[str, str]) -> tuple[str, Measured, str]:
    """The title of what is dead or saturated, the shares, and what the words mean."""
    first = found[0].layers
    known = [
        *([DEAD] if any(layer.dead is not None for layer in first) else []),
        *([SATURATED] if any(layer.saturated is not None for layer in first) else []),
    ]
    title = " and ".join(title for title, _, _ in known).capitalize()
    of = f"share of the {' or '.join(of for _, of, _ in known)}"
    every = [each.layers for each in found]
    shares = [[share_of(layer) for layer in layers] for layers in every]
    return title, _of(of, every, shares, colours, share=True), " ".join(meaning for _, _, meaning in known)


def _remarks(measured: Measured, found: Sequence[Inspection]) -> Iterator[str]:
    """What the figure cannot show, and how zeros are drawn."""
    if measured.has_zeros:
        yield "Exact zeros have no place on a logarithmic scale: they are hollow, on the mark 0 below it."
    for names in together(measured):
        yield f"These lie over each other: {', '.join(names)}."
    kinds = {layer.name: layer.kind for layer in (found[0].inputs, *found[0].layers)}
    for one in measured.series:
        lost = [
            name
            for name, value in zip(measured.layers, one.values, strict=True)
            if value is not None and not math.isfinite(value)
        ]
        if lost:
            yield f"Not finite: {one.variant} in {span(lost, kinds)}."


def _line_figure(entry: tuple[Figure, Measured]) -> Html:
    """The figure, or in words what would make an empty one."""
    one, measured = entry
    if measured.numbers and len(measured.layers) > 1:
        return _figure(one)
    layers = f"in {measured.layers[0]}" if len(measured.layers) == 1 else "in all layers"
    texts = [_in_words(series, measured, layers) for series in measured.series]
    return tag("figure", tag("h3", one.title), listed(texts), tag("figcaption", one.caption), id=one.name)


def _in_words(series: Series, measured: Measured, layers: str) -> str:
    if not series.finite:
        return f"{series.variant}: not finite {layers}"
    value = series.finite[0]
    return f"{series.variant}: {percent(value) if measured.share else number(value)} {layers}"


def _numbers(each: Inspection) -> Html:
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
            *map(number, (layer.mean, layer.std, layer.between)),
            *(percent(share_of(layer)) if share is not None else "" for share in (layer.dead, layer.saturated)),
            *map(number, (layer.gradient, layer.weight_gradient)),
            range_of(layer),
        )
        for layer in (each.inputs, *each.layers)
    ]
    kept = [at for at in range(len(headers)) if any(row[at] for row in rows)]
    shown = table([headers[at] for at in kept], [[row[at] for at in kept] for row in rows], left=2)
    return folded(joined(["Every layer with ", code(each.init)]), shown)


def _origin(found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], command: str) -> Iterator[Html | None]:
    """The command, the spec, and what it was made with."""
    _, spec = specs[0]
    inits = f", here with {found[0].init}" if len(found) > 1 else ""
    origin = spec.origin or Origin("")
    made = environment()
    facts = [
        ("versions", ", ".join(f"{name} {number}" for name, number in made["versions"].items())),
        ("machine", ", ".join(str(made["machine"][key]) for key in ("cpu", "system"))),
        ("overrides", ", ".join(origin.overrides)),
    ]
    yield tag("p", "This page is made by")
    yield block(command)
    yield folded("The spec, as it was written", block(origin.text)) if origin.text else None
    yield folded(f"The spec with every default{inits}", block(resolved(spec)))
    yield table(("", ""), [fact for fact in facts if fact[1]], left=2)
