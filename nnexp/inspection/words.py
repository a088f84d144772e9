"""What the numbers of a network before training say, in words, and only where they are clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, Literal, TypeAlias, cast

from nnexp.inspection.figures import Figures
from nnexp.phrases import percents, size, span

What: TypeAlias = Literal[
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

CLEAR, EXTREME = 10, 1000
"""By which factor something changes through all layers that is said to change, or to vanish or explode."""

KEPT = 4
"""By which factor at most something differs between layers that is said to keep its size."""

FEWEST = 3
"""The layers that a change from layer to layer is seen in."""

MANY = 0.5
"""The share of a layer's units, or outputs, from which on they are spoken of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the numbers say; `healthy` where it is good news."""

    what: What
    text: str
    healthy: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return asdict(self)


def findings(layers: Sequence[Figures], compared: Sequence[int]) -> list[Finding]:
    """What the layers of a network say; those at the places `compared` carry the signal from one to the next."""
    if broken := _not_finite(layers):
        return broken
    carriers = [layers[index] for index in compared]
    found = [*_symmetric(layers), *_no_gradient(layers), *_dead(layers), *_saturated(layers)]
    found += _activations(carriers)
    if found:
        found = [finding for finding in found if not finding.healthy] or found
    return [*found, *_gradients(carriers), *_starved(layers)]


def _not_finite(layers: Sequence[Figures]) -> list[Finding]:
    numbers = [(layer.name, layer.std, layer.gradient or 0.0, layer.weight_gradient or 0.0) for layer in layers]
    forward = [name for name, std, _, _ in numbers if not isfinite(std)]
    if forward:
        return [Finding("not finite", f"the outputs are not finite from {forward[0]} on")]
    back = [name for name, _, *slopes in numbers if not all(map(isfinite, slopes))]
    return [Finding("not finite", f"the gradients are not finite from {back[-1]} on back")] if back else []


def _symmetric(layers: Sequence[Figures]) -> list[Finding]:
    """Units that start alike, and so learn alike; of the last layer they do not, their targets being different."""
    found = [layer.name for layer in layers[:-1] if layer.alike]
    if not found:
        return []
    words = "all units of a layer start with the same weights, and so as a rule get the same gradients"
    return [Finding("symmetric", f"symmetric units in {_span(found, layers)}: {words}")]


def _no_gradient(layers: Sequence[Figures]) -> list[Finding]:
    found = [layer.name for layer in layers if layer.weight_gradient == 0]
    return [Finding("no gradient", f"no gradient reaches the weights of {_span(found, layers)}")] if found else []


def _dead(layers: Sequence[Figures]) -> list[Finding]:
    shares = {layer.name: layer.dead for layer in layers if layer.dead is not None and layer.dead >= MANY}
    if not shares:
        return []
    words = f"{percents(shares.values())} of the units of {_span(list(shares), layers)} are never positive"
    return [Finding("dead", f"dead units: {words} on these examples")]


def _saturated(layers: Sequence[Figures]) -> list[Finding]:
    shares = {one.name: one.saturated for one in layers if one.saturated is not None and one.saturated >= MANY}
    if not shares:
        return []
    words = f"{percents(shares.values())} of the outputs of {_span(list(shares), layers)} are near the ends of their"
    return [Finding("saturated", f"saturated: {words} range, where the slope is nearly 0")]


def _activations(carriers: Sequence[Figures]) -> list[Finding]:
    same = [layer.name for layer in carriers if layer.between == 0]
    if same:
        return [Finding("constant", f"every unit of {_span(same, carriers)} gives the same for all examples")]
    names = [layer.name for layer in carriers]
    found = _change("activations", "", "standard deviation", [layer.std for layer in carriers], names)
    return [finding for finding in found if not finding.healthy] or _alike(carriers) or found


def _alike(carriers: Sequence[Figures]) -> list[Finding]:
    """Whether it is lost from layer to layer what tells the examples from each other, though units differ."""
    names = [layer.name for layer in carriers]
    found = _change("activations", "", "standard deviation", [layer.between for layer in carriers], names)
    lost = [finding.text.partition(": ")[2] for finding in found if finding.what.endswith(("shrink", "vanish"))]
    return [Finding("examples alike", f"examples grow alike: between them {text}") for text in lost]


def _gradients(carriers: Sequence[Figures]) -> list[Finding]:
    """From the last layer back to the first."""
    back = [layer for layer in reversed(carriers) if layer.gradient is not None]
    sizes = [layer.gradient or 0.0 for layer in back]
    return _change("gradients", " on their way back", "norm", sizes, [layer.name for layer in back])


def _starved(layers: Sequence[Figures]) -> list[Finding]:
    """Layers whose weights get next to no gradient beside the last layer's."""
    last = layers[-1]
    largest = last.weight_gradient or 0.0
    found = [layer.name for layer in layers if 0 < (layer.weight_gradient or 0) * EXTREME < largest]
    if not found:
        return []
    words = f"get less than 1/{EXTREME:,} of the gradient that those of {last.name} get"
    return [Finding("weights starve", f"the weights of {_span(found, layers)} {words}")]


def _change(subject: str, way: str, measure: str, sizes: Sequence[float], names: Sequence[str]) -> list[Finding]:
    """How sizes change from the first to the last, where that is clear."""
    word = _word(sizes)
    if word is None:
        return []
    what, ends = (
        cast("What", f"{subject} {word}"),
        f"{size(sizes[0])} in {names[0]}, {size(sizes[-1])} in {names[-1]}",
    )
    if word == "keep":
        return [Finding(what, f"{subject} keep their size{way}: {measure} {ends}", healthy=True)]
    factor = (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1))
    return [Finding(what, f"{subject} {word}{way}: {measure} {ends}, times {factor:.2g} a layer")]


def _word(sizes: Sequence[float]) -> str | None:
    """What sizes do from the first to the last; None where that is not clear."""
    if len(sizes) < FEWEST or not min(sizes) > 0:
        return None
    if max(sizes) <= KEPT * min(sizes):
        return "keep"
    ratio = sizes[-1] / sizes[0]
    change = max(ratio, 1 / ratio)
    along = sum((later < earlier) == (ratio < 1) for earlier, later in pairwise(sizes))
    if change < CLEAR or along < 2 / 3 * (len(sizes) - 1):
        return None
    return (("shrink", "grow") if change < EXTREME else ("vanish", "explode"))[ratio > 1]


def _span(names: Sequence[str], layers: Sequence[Figures]) -> str:
    return span(names, {layer.name: layer.kind for layer in layers})
