"""What the numbers of a network before training show, in words, and only where they are clear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Literal, TypeAlias, cast

from nnexp.inspection.layer_statistics import LayerStatistics
from nnexp.nn.unit_statistics import MIN_AFFECTED_SHARE, MIN_COMPARED_LAYERS, MIN_EXTREME_FACTOR
from nnexp.wording import format_layer_names, format_number, format_percents

FindingKind: TypeAlias = Literal[
    "not finite",
    "symmetric",
    "no gradient",
    "constant",
    "dead",
    "examples alike",
    "saturated",
    "activations shrink",
    "activations vanish",
    "activations grow",
    "activations explode",
    "activations keep",
    "gradients shrink",
    "gradients vanish",
    "gradients grow",
    "gradients explode",
    "gradients keep",
    "weights starve",
]

MIN_CLEAR_FACTOR = 10
"""The factor through all layers from which on something shrinks or grows."""

MAX_KEPT_FACTOR = 4
"""The factor between any two layers up to which something keeps its size."""

MIN_STEADY_SHARE = 2 / 3
"""The share of the steps from layer to layer that go the same way as the whole, at least."""


@dataclass(frozen=True, slots=True)
class InspectionFinding:
    """One thing that the numbers say; `healthy` where it is good news."""

    what: FindingKind
    text: str
    healthy: bool = False


def collect_findings(layers: Sequence[LayerStatistics], compared: Sequence[int]) -> list[InspectionFinding]:
    """The findings on a network's layers; those at the places `compared` carry the signal from one to the next."""
    # Numbers that are not finite make every other number meaningless.
    if broken := _find_nonfinite(layers):
        return broken
    carriers = list(map(layers.__getitem__, compared))
    found = [
        *_find_symmetric_units(layers),
        *_find_missing_gradients(layers),
        *_find_dead_units(layers),
        *_find_saturated_units(layers),
        *_find_activation_changes(carriers),
    ]
    # Activations of dead or equal units keep their size too, which is no good news.
    found = _select_problems(found) or found
    return [*found, *_find_gradient_changes(carriers), *_find_starved_weights(layers)]


def _select_problems(findings: Sequence[InspectionFinding]) -> list[InspectionFinding]:
    return [finding for finding in findings if not finding.healthy]


def _find_nonfinite(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """The first layer on the way, forward or back, whose numbers are not finite."""
    for layer in layers:
        if not isfinite(layer.std):
            return [InspectionFinding("not finite", f"the outputs are not finite from {layer.name} on")]
    for layer in reversed(layers):
        if not isfinite(layer.gradient or 0.0) or not isfinite(layer.weight_gradient or 0.0):
            return [InspectionFinding("not finite", f"the gradients are not finite from {layer.name} on back")]
    return []


def _find_symmetric_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Units that start equal, and so stay equal; of the last layer they do not, as their targets differ."""
    found = [layer.name for layer in layers[:-1] if layer.symmetric]
    if not found:
        return []
    words = "all units of a layer start with the same weights, and so as a rule get the same gradients"
    return [InspectionFinding("symmetric", f"symmetric units in {_format_layers(found, layers)}: {words}")]


def _find_missing_gradients(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    found = [layer.name for layer in layers if layer.weight_gradient == 0]
    if not found:
        return []
    return [InspectionFinding("no gradient", f"no gradient reaches the weights of {_format_layers(found, layers)}")]


def _find_dead_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    affected = _format_affected("units", "dead", layers)
    if not affected:
        return []
    return [InspectionFinding("dead", f"dead units: {affected} are never positive on these examples")]


def _find_saturated_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    affected = _format_affected("outputs", "saturated", layers)
    if not affected:
        return []
    words = f"{affected} are near the ends of their range, where the slope is nearly 0"
    return [InspectionFinding("saturated", f"saturated: {words}")]


def _collect_numbers(layers: Iterable[LayerStatistics], field: str) -> dict[str, float]:
    """A number of each layer that has it, by the layer's name."""
    numbers = {}
    for layer in layers:
        number = getattr(layer, field)
        if number is not None:
            numbers[layer.name] = number
    return numbers


def _format_affected(what: str, field: str, layers: Sequence[LayerStatistics]) -> str:
    """How many of the units, or of the outputs, of which layers are affected; empty where few are."""
    shares = _collect_numbers(layers, field)
    affected = {name: share for name, share in shares.items() if share >= MIN_AFFECTED_SHARE}
    if not affected:
        return ""
    return f"{format_percents(affected.values())} of the {what} of {_format_layers(list(affected), layers)}"


def _find_activation_changes(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    constant = [layer.name for layer in carriers if layer.between == 0]
    if constant:
        words = f"every unit of {_format_layers(constant, carriers)} gives the same for all examples"
        return [InspectionFinding("constant", words)]
    found = _describe_change("activations", "", "standard deviation", _collect_numbers(carriers, "std"))
    return _select_problems(found) or _find_similar_examples(carriers) or found


def _find_similar_examples(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Whether the differences between examples get lost from layer to layer, though units differ."""
    found = []
    for change in _describe_change("activations", "", "standard deviation", _collect_numbers(carriers, "between")):
        if change.what.endswith(("shrink", "vanish")):
            numbers = change.text.partition(": ")[2]
            found.append(InspectionFinding("examples alike", f"examples grow alike: between them {numbers}"))
    return found


def _find_gradient_changes(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """From the last layer back to the first."""
    sizes = _collect_numbers(reversed(carriers), "gradient")
    return _describe_change("gradients", " on their way back", "norm", sizes)


def _find_starved_weights(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Layers whose weights get next to no gradient beside the last layer's."""
    last = layers[-1]
    largest = last.weight_gradient or 0.0
    # A gradient of 0 is a finding of its own.
    found = [layer.name for layer in layers if 0 < (layer.weight_gradient or 0) * MIN_EXTREME_FACTOR < largest]
    if not found:
        return []
    words = f"get less than 1/{MIN_EXTREME_FACTOR:,} of the gradient that those of {last.name} get"
    return [InspectionFinding("weights starve", f"the weights of {_format_layers(found, layers)} {words}")]


def _describe_change(subject: str, way: str, measure: str, sizes: Mapping[str, float]) -> list[InspectionFinding]:
    """How the sizes of layers, by name, change from the first to the last, where that is clear."""
    word = _choose_word(list(sizes.values()))
    if word is None:
        return []
    what = cast("FindingKind", f"{subject} {word}")
    (first_name, first), *_, (last_name, last) = sizes.items()
    ends = f"{format_number(first)} in {first_name}, {format_number(last)} in {last_name}"
    if word == "keep":
        return [InspectionFinding(what, f"{subject} keep their size{way}: {measure} {ends}", healthy=True)]
    factor = (last / first) ** (1 / (len(sizes) - 1))
    return [InspectionFinding(what, f"{subject} {word}{way}: {measure} {ends}, times {factor:.2g} a layer")]


def _choose_word(sizes: Sequence[float]) -> str | None:
    """What sizes do from the first to the last; None where that is not clear."""
    if len(sizes) < MIN_COMPARED_LAYERS or not min(sizes) > 0:
        return None
    if max(sizes) <= MAX_KEPT_FACTOR * min(sizes):
        return "keep"
    ratio = sizes[-1] / sizes[0]
    factor = max(ratio, 1 / ratio)
    along = sum((later < earlier) == (ratio < 1) for earlier, later in pairwise(sizes))
    # One layer that differs from all others makes no trend.
    if factor < MIN_CLEAR_FACTOR or along < MIN_STEADY_SHARE * (len(sizes) - 1):
        return None
    up, down = "explode", "vanish"
    if factor < MIN_EXTREME_FACTOR:
        up, down = "grow", "shrink"
    return up if ratio > 1 else down


def _format_layers(names: Sequence[str], layers: Sequence[LayerStatistics]) -> str:
    return format_layer_names(names, {layer.name: layer.kind for layer in layers})
