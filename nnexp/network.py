"""The layers of a spec as a network.   I inputs, O outputs"""

from __future__ import annotations

from collections.abc import Sequence

from nnexp import registry
from nnexp.activations.base import Activation
from nnexp.layers.activation import ActivationHere
from nnexp.layers.base import Layer
from nnexp.layers.chain import Chain, chain
from nnexp.layers.output import Output


def assemble(architecture: Sequence[Layer], activation: Activation, outputs: int) -> Chain:
    """The network: the spec's activation in its places, and the output layer with one unit for every target."""
    placed = [_placed(layer, activation, outputs) for layer in architecture]
    return chain([layer for layer, _ in placed], [kind for _, kind in placed])


def _placed(layer: Layer, activation: Activation, outputs: int) -> tuple[Layer, str]:
    if isinstance(layer, Output):
        return layer.sized(outputs), "output"
    if isinstance(layer, ActivationHere):
        layer = activation
    return layer, kind_of(layer)


def kind_of(layer: Layer) -> str:
    """The name in the registry of a layer or activation."""
    known = registry.activations if isinstance(layer, Activation) else registry.layers
    return known.name_of(layer)
