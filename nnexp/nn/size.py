"""How large a network is, layer by layer, from its declarations alone: no weight is made.

H W C image, K side of a window

A *weight* is a parameter that multiplies a number: an entry of a drawn matrix or of a filter, or a centre's coordinate.
A *bias* is any other parameter: biases, gains, shifts, slopes, widths.

A *connection* is one use of a parameter by one output unit. A filter's entry, which is used at every position of the
image, makes as many connections as there are positions; a bias makes one for each unit that it is added to. So a
convolution has (K K C + 1) connections for each number of its output. Zeros around an image count like pixels.

A *multiply-add* is a product of a weight with a number, added to a sum: a connection that is no bias. For one example
and one pass forward; the way back takes about twice as many. What activations, pools and normalisations do is not
counted, nor are biases.

The *receptive field* of a layer is the part of the image, down and across, that one of its numbers depends on; at most
the whole image. Statistics that a normalisation takes over all pixels are left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Declaration, Weight
from nnexp.typing import Shape

THETA_COPIES = 5
"""Arrays as long as theta, besides the optimizer's slots: theta, its gradient, the best weights, two in an update."""

NUMBERS_PER_OUTPUT = 2
"""What a batch holds for each output of a layer, at most about: the output, and what the way back needs beside it."""


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What one number of a layer sees of the image: `size` pixels down and across; its neighbour `step` further."""

    size: tuple[int, int] = (1, 1)
    step: int = 1

    def widen_by_window(self, window: int, stride: int, image: Shape) -> ReceptiveField:
        """What is seen through windows on this layer."""
        growth = (window - 1) * self.step
        down = min(self.size[0] + growth, image[0])
        across = min(self.size[1] + growth, image[1])
        return ReceptiveField((down, across), self.step * stride)

    def join_with(self, other: ReceptiveField) -> ReceptiveField:
        """What is seen through two branches together."""
        down = max(self.size[0], other.size[0])
        across = max(self.size[1], other.size[1])
        return ReceptiveField((down, across), max(self.step, other.step))


@dataclass(frozen=True, slots=True)
class LayerSize:
    """A layer in numbers, those of the layers in it included; `field` is None where the inputs are no images."""

    name: str
    output: Shape
    weights: int
    biases: int
    connections: int
    multiply_adds: int
    activations: int
    field: ReceptiveField | None = None
    parts: tuple[LayerSize, ...] = ()

    @property
    def parameters(self) -> int:
        return self.weights + self.biases

    def walk_layers(self, depth: int = 0) -> Iterator[tuple[int, LayerSize]]:
        """The layer and those in it, each with its depth."""
        yield depth, self
        for part in self.parts:
            yield from part.walk_layers(depth + 1)


def count_network(network: Chain, x: Shape) -> LayerSize:
    """The network's numbers for inputs of core shape `x`; its layers are in `parts`. Raises ShapeError."""
    field = ReceptiveField() if len(x) == 3 else None
    return _SizeCounter(x).count_layer("", network, network.declare(x), x, field)


def count_activations(declared: Declaration, name: str = "") -> int:
    """The numbers that the layers give for one example; what a chain gives is its last layer's."""
    is_chain = not name or name.startswith("branch_")
    own = 0 if is_chain else prod(declared.output)
    return own + sum(map(count_activations, declared.parts.values(), declared.parts))


def estimate_memory(parameters: int, activations: int, slots: int, batch: int, itemsize: int) -> tuple[int, int]:
    """The bytes that training takes, about: for the parameters, and for the activations of a batch.

    Every parameter comes with its gradient, its best value, what an update works with and the optimizer's `slots`; the
    outputs of the layers, `count_activations` numbers an example, with what the way back needs. Not counted are the
    data, what one layer works with at a time, and the copies that are made while a checkpoint is written: two of theta,
    of the best weights and of each slot.
    """
    return parameters * (THETA_COPIES + slots) * itemsize, activations * NUMBERS_PER_OUTPUT * batch * itemsize


class _SizeCounter:
    """Counts the layers of a network whose inputs have the shape `image`."""

    def __init__(self, image: Shape) -> None:
        self.image = image

    def count_layer(
        self, name: str, layer: Layer | None, declared: Declaration, x: Shape, field: ReceptiveField | None
    ) -> LayerSize:
        """A layer's numbers, where one number of its input sees `field`.

        Of a part that a layer makes for itself only the declaration is known.
        """
        parts: list[LayerSize] = []
        part_x, part_field = x, field
        inner = layer.list_inner_layers() if layer else {}
        for key, part in declared.parts.items():
            parts.append(self.count_layer(key, inner.get(key), part, part_x, part_field))
            if isinstance(layer, Chain):  # the parts of other layers all have the layer's own input
                part_x, part_field = part.output, parts[-1].field
        if field is not None:
            part_fields = [part.field for part in parts if part.field]
            field = self.find_receptive_field(layer, declared, x, field, part_fields)
        weights, biases, connections, multiply_adds = _count_own(layer, declared)
        for size in parts:
            weights += size.weights
            biases += size.biases
            connections += size.connections
            multiply_adds += size.multiply_adds
        activations = count_activations(declared, name)
        return LayerSize(
            name, declared.output, weights, biases, connections, multiply_adds, activations, field, tuple(parts)
        )

    def find_receptive_field(
        self,
        layer: Layer | None,
        declared: Declaration,
        x: Shape,
        field: ReceptiveField,
        parts: Sequence[ReceptiveField],
    ) -> ReceptiveField | None:
        """What a number of the layer's output sees, where one of its input sees `field`."""
        window = layer.describe_window() if layer else None
        if window is not None:
            return field.widen_by_window(*window, self.image)
        if isinstance(layer, Chain):
            return parts[-1] if parts else field
        if parts:
            return reduce(ReceptiveField.join_with, parts)
        # A global pool, or any layer with weights on flat inputs, mixes all places of the image.
        is_pool = len(declared.output) < len(x) and not (layer and layer.keeps_positions)
        weights, *_ = _count_own(layer, declared)
        if is_pool or (weights and len(x) == 1):
            return ReceptiveField((self.image[0], self.image[1]))
        return field


def _count_own(layer: Layer | None, declared: Declaration) -> tuple[int, int, int, int]:
    """Weights, biases, connections and multiply-adds of a layer without those of its parts."""
    weights = biases = added = 0
    for key, weight in declared.weights.items():
        if _is_weight(layer, key, weight):
            weights += weight.size
        else:
            biases += weight.size
            # Maxout has more biases than outputs, as every piece has its own.
            added += max(prod(declared.output), weight.size)
    uses = layer.weight_uses if layer else 1
    multiply_adds = uses * weights * prod(declared.output[:-1])
    return weights, biases, multiply_adds + added, multiply_adds


def _is_weight(layer: Layer | None, key: str, weight: Weight) -> bool:
    """Whether a parameter is a weight."""
    return weight.is_regularized or (layer is not None and key in layer.unregularized_weights)
