"""The layers of a spec as a network.   I inputs, O outputs"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from nnexp import registry
from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain, make_chain
from nnexp.nn.layers.heads import Heads
from nnexp.nn.layers.output import Output
from nnexp.nn.named import Named
from nnexp.registry import component_parameters

OutputWidths: TypeAlias = int | Mapping[str, int]
"""The number of outputs; where there are several tasks, of each by name."""


def build_network(architecture: Sequence[Layer], activation: Activation, outputs: OutputWidths) -> Chain:
    """The network: the spec's activation in its places, and the output layer with one unit for every target.

    Layers that hold layers are filled in all the way down, and so is the activation of a block that names none.
    """
    # Layers are values that several networks may share: each is copied with what it lacks.
    placed = [_place_layer(layer, activation, outputs) for layer in architecture]
    return make_chain(placed, list(map(_kind_in_chain, architecture, placed)))


def _place_layer(layer: Layer, activation: Activation, outputs: OutputWidths) -> Layer:
    if isinstance(layer, Output):
        units = outputs if isinstance(outputs, int) else sum(outputs.values())
        return layer.with_units(units)
    if isinstance(layer, Heads):
        return _build_heads(layer, activation, outputs)
    if isinstance(layer, ActivationPlaceholder):
        return activation
    filled: dict[str, Any] = {}
    for p in component_parameters(type(layer)):
        filled[p.name] = _fill_parameter(getattr(layer, p.name), p.hint, activation, outputs)
    return cast("Layer", replace(cast("Any", layer), **filled))


def _build_heads(layer: Heads, activation: Activation, outputs: OutputWidths) -> Heads:
    """Each task's layers, in the order of the tasks; heads that are no task's come last."""
    widths = outputs if isinstance(outputs, Mapping) else {}
    written = layer.heads.names
    order = tuple(dict.fromkeys([*filter(written.__contains__, widths), *written]))
    heads = tuple(build_network(layer.heads[name].layers, activation, widths.get(name, 1)) for name in order)
    # Heads that are not just the tasks' are a mistake of the spec, which its checks name: here they only must not fail.
    fits = set(order) == set(widths)
    return Heads(Named(order, heads), tuple(widths.values()) if fits else ())


def _fill_parameter(value: Any, hint: Any, activation: Activation, outputs: OutputWidths) -> Any:
    """A parameter of a layer, with the layers in it placed; an activation that is left open is the spec's."""
    if isinstance(value, Chain):
        return build_network(value.layers, activation, outputs)
    if isinstance(value, tuple):
        return tuple(_fill_parameter(entry, None, activation, outputs) for entry in value)
    is_open_activation = value is None and hint == Activation | None
    if is_open_activation:
        return activation
    return value


def _kind_in_chain(written: Layer, placed: Layer) -> str:
    # It keeps the name that the spec gives it, although a dense layer has taken its place.
    if isinstance(written, Output):
        return "output"
    return kind_of(placed)


def kind_of(layer: Layer) -> str:
    """The name in the registry of a layer or activation."""
    if isinstance(layer, Activation):
        return registry.activations.name_of(layer)
    return registry.layers.name_of(layer)


def walk_layers(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Every layer, and every layer inside it, in their order."""
    for layer in layers:
        yield layer
        for p in component_parameters(type(layer)):
            yield from _walk_value(getattr(layer, p.name))


def _walk_value(value: Any) -> Iterator[Layer]:
    if isinstance(value, Chain):
        yield from walk_layers(value.layers)
    elif isinstance(value, Named):
        yield from _walk_value(value.values)
    elif isinstance(value, tuple):
        for entry in value:
            yield from _walk_value(entry)
