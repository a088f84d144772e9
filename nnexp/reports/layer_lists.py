"""Layers in the cells of a table: each in a word or two, and of several lists what they do not share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from nnexp.spec.yaml import format_flow

OMISSION = "…"
"""Stands for layers that all lists begin or end with."""


def shorten_layer_lists(lists: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Each list of layers as a text, by its `repr`; what all begin or end with is left out, its place marked with …."""
    if not lists:
        return {}
    words = {repr(layers): list(map(describe_layer, layers)) for layers in lists}
    shortest = min(map(len, words.values()))
    head = count_common_entries(words.values())
    # No layer may count for the head and for the tail: in a list of equal layers it would be cut off twice.
    tail = min(count_common_entries(map(reversed, words.values())), shortest - head)
    texts = {}
    for key, layers in words.items():
        shown = layers[head : len(layers) - tail] or ["nothing"]
        if head:
            shown = [OMISSION, *shown]
        if tail:
            shown = [*shown, OMISSION]
        texts[key] = ", ".join(shown)
    return texts


def count_common_entries(lists: Iterable[Iterable[str]]) -> int:
    """How many entries all lists begin with."""
    common = takewhile(lambda entries: len(set(entries)) == 1, zip(*lists, strict=False))
    return len(list(common))


def describe_layer(layer: Any) -> str:
    """A layer in a word or two: its name and its first number.

    >>> describe_layer({"dense": {"units": 64, "bias": True}})
    'dense 64'
    """
    if not isinstance(layer, dict):
        return str(layer)
    [(name, parameters)] = layer.items()
    values = list(parameters.values()) if isinstance(parameters, dict) else [parameters]
    # Of a block its layers come first: a number beside them, such as its stride, says less.
    inner = _collect_inner_layers(values)
    if inner:
        return f"{name} of {', '.join(inner)}"
    for value in values:
        if is_number(value):
            return f"{name} {format_flow(value)}"
    return str(name)


def _collect_inner_layers(values: Sequence[Any]) -> list[str]:
    """The names of the layers in the lists of a block, each once; none where no list holds a layer with parameters."""
    names: list[str] = []
    has_parameters = False
    for value in values:
        if isinstance(value, list):
            names += map(get_component_name, value)
            has_parameters |= any(isinstance(layer, dict) for layer in value)
    # A list of numbers or words, such as a kernel's sides, holds no layers.
    if not has_parameters:
        return []
    return list(dict.fromkeys(names))


def get_component_name(written: Any) -> str:
    """The name of a layer or another component, which stands alone or above its parameters."""
    if isinstance(written, dict):
        return str(next(iter(written)))
    return str(written)


def is_number(value: Any) -> bool:
    """Whether a value is a number, and not true or false."""
    # In Python True is an int, but `bias 1` would tell nobody anything.
    return isinstance(value, int | float) and not isinstance(value, bool)
