"""What the numbers of a network before training say, in words, and only where they are clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, Literal, TypeAlias, cast

from nnexp.inspection.layer_statistics import LayerStatistics
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

MIN_CLEAR_FACTOR, MIN_EXTREME_FACTOR = 10, 1000
"""By which factor something changes through all layers that is said to change, or to vanish or explode."""

MAX_KEPT_FACTOR = 4
"""By which factor at most something differs between layers that is said to keep its size."""

MIN_LAYERS = 3
"""The layers that a change from layer to layer is seen in."""

MIN_AFFECTED_SHARE = 0.5
"""The share of a layer's units, or outputs, from which on they are spoken of."""


@dataclass(frozen=True, slots=True)
class InspectionFinding:
    """One thing that the numbers say; `healthy` where it is good news."""

    what: FindingKind
    text: str
    healthy: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return asdict(self)


def collect_findings(layers: Sequence[LayerStatistics], compared: Sequence[int]) -> list[InspectionFinding]:
    """What the layers of a network say; those at the places `compared` carry the signal from one to the next."""
    if broken := _find_nonfinite(layers):
        return broken
    carriers = [layers[index] for index in compared]
    found = [
        *_find_symmetric_units(layers),
        *_find_missing_gradients(layers),
        *_find_dead_units(layers),
        *_find_saturated_units(layers),
    ]
    found += _find_activation_changes(carriers)
    if found:
        found = [finding for finding in found if not finding.healthy] or found
    return [*found, *_find_gradient_changes(carriers), *_find_starved_weights(layers)]


def _find_nonfinite(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    numbers = [(layer.name, layer.std, layer.gradient or 0.0, layer.weight_gradient or 0.0) for layer in layers]
    forward = [name for name, std, _, _ in numbers if not isfinite(std)]
    if forward:
        return [InspectionFinding("not finite", f"the outputs are not finite from {forward[0]} on")]
    back = [name for name, _, *slopes in numbers if not all(map(isfinite, slopes))]
    return [InspectionFinding("not finite", f"the gradients are not finite from {back[-1]} on back")] if back else []


def _find_symmetric_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Units that start equal, and so stay equal; of the last layer they do not, their targets being different."""
    found = [layer.name for layer in layers[:-1] if layer.symmetric]
    if not found:
        return []
    words = "all units of a layer start with the same weights, and so as a rule get the same gradients"
    return [InspectionFinding("symmetric", f"symmetric units in {_format_layers(found, layers)}: {words}")]


def _find_missing_gradients(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    found = [layer.name for layer in layers if layer.weight_gradient == 0]
    return (
        [InspectionFinding("no gradient", f"no gradient reaches the weights of {_format_layers(found, layers)}")]
        if found
        else []
    )


def _find_dead_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    shares = {layer.name: layer.dead for layer in layers if layer.dead is not None and layer.dead >= MIN_AFFECTED_SHARE}
    if not shares:
        return []
    words = (
        f"{format_percents(shares.values())} of the units of {_format_layers(list(shares), layers)} are never positive"
    )
    return [InspectionFinding("dead", f"dead units: {words} on these examples")]


def _find_saturated_units(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    shares = {
        one.name: one.saturated for one in layers if one.saturated is not None and one.saturated >= MIN_AFFECTED_SHARE
    }
    if not shares:
        return []
    words = (
        f"{format_percents(shares.values())} of the outputs of {_format_layers(list(shares), layers)} are "
        "near the ends of their"
    )
    return [InspectionFinding("saturated", f"saturated: {words} range, where the slope is nearly 0")]


def _find_activation_changes(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    same = [layer.name for layer in carriers if layer.between == 0]
    if same:
        return [
            InspectionFinding(
                "constant", f"every unit of {_format_layers(same, carriers)} gives the same for all examples"
            )
        ]
    names = [layer.name for layer in carriers]
    found = _describe_change("activations", "", "standard deviation", [layer.std for layer in carriers], names)
    return [finding for finding in found if not finding.healthy] or _find_similar_examples(carriers) or found


def _find_similar_examples(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Whether it is lost from layer to layer what tells the examples from each other, though units differ."""
    names = [layer.name for layer in carriers]
    found = _describe_change("activations", "", "standard deviation", [layer.between for layer in carriers], names)
    lost = [finding.text.partition(": ")[2] for finding in found if finding.what.endswith(("shrink", "vanish"))]
    return [InspectionFinding("examples alike", f"examples grow alike: between them {text}") for text in lost]


def _find_gradient_changes(carriers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """From the last layer back to the first."""
    back = [layer for layer in reversed(carriers) if layer.gradient is not None]
    sizes = [layer.gradient or 0.0 for layer in back]
    return _describe_change("gradients", " on their way back", "norm", sizes, [layer.name for layer in back])


def _find_starved_weights(layers: Sequence[LayerStatistics]) -> list[InspectionFinding]:
    """Layers whose weights get next to no gradient beside the last layer's."""
    last = layers[-1]
    largest = last.weight_gradient or 0.0
    found = [layer.name for layer in layers if 0 < (layer.weight_gradient or 0) * MIN_EXTREME_FACTOR < largest]
    if not found:
        return []
    words = f"get less than 1/{MIN_EXTREME_FACTOR:,} of the gradient that those of {last.name} get"
    return [InspectionFinding("weights starve", f"the weights of {_format_layers(found, layers)} {words}")]


def _describe_change(
    subject: str, way: str, measure: str, sizes: Sequence[float], names: Sequence[str]
) -> list[InspectionFinding]:
    """How sizes change from the first to the last, where that is clear."""
    word = _choose_word(sizes)
    if word is None:
        return []
    what, ends = (
        cast("FindingKind", f"{subject} {word}"),
        f"{format_number(sizes[0])} in {names[0]}, {format_number(sizes[-1])} in {names[-1]}",
    )
    if word == "keep":
        return [InspectionFinding(what, f"{subject} keep their size{way}: {measure} {ends}", healthy=True)]
    factor = (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1))
    return [InspectionFinding(what, f"{subject} {word}{way}: {measure} {ends}, times {factor:.2g} a layer")]


def _choose_word(sizes: Sequence[float]) -> str | None:
    """What sizes do from the first to the last; None where that is not clear."""
    if len(sizes) < MIN_LAYERS or not min(sizes) > 0:
        return None
    if max(sizes) <= MAX_KEPT_FACTOR * min(sizes):
        return "keep"
    ratio = sizes[-1] / sizes[0]
    change = max(ratio, 1 / ratio)
    along = sum((later < earlier) == (ratio < 1) for earlier, later in pairwise(sizes))
    if change < MIN_CLEAR_FACTOR or along < 2 / 3 * (len(sizes) - 1):
        return None
    return (("shrink", "grow") if change < MIN_EXTREME_FACTOR else ("vanish", "explode"))[ratio > 1]


def _format_layers(names: Sequence[str], layers: Sequence[LayerStatistics]) -> str:
    return format_layer_names(names, {layer.name: layer.kind for layer in layers})
