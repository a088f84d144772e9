"""The contract of a layer.

    N examples, I inputs, O outputs

A layer is a frozen dataclass of configuration and has no memory. `declare` says what it needs for an input of a given
core shape; `forward` returns the output and the way back. Layers are written in core dimensions, read from the right:
`x @ W + b`, `x.mean(axis=-2)`. Axis 0 of every array belongs to `nnexp.nn.replicas` and no layer speaks of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from nnexp.errors import UsageError
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape

LayerObserver: TypeAlias = "Callable[[Layer, Views, Array], None]"
"""(layer, w, x): told of every layer with its weights and its inputs, before they go through it."""

Backward: TypeAlias = Callable[[Array, Views], "Array | None"]
"""(dy, dw) -> dx. Overwrites every entry of dw, and gives dx, or None where `Context.propagate` was false."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a pass through the network is for.

    training: dropout drops, batch norm uses the batch's statistics and updates its running ones.
    generators: each replica's own, for layers that draw at training.
    new_epoch: whether this is the first batch of an epoch.
    propagate: whether the layer's dx is wanted; false where nothing before the layer has weights.
    observe: what looks at each layer, those inside of others too, before its inputs go through it.
    """

    training: bool
    generators: Sequence[np.random.Generator] = ()
    new_epoch: bool = False
    propagate: bool = True
    observe: LayerObserver | None = None


EVALUATION_CONTEXT = Context(training=False)


class Layer(ABC):
    """A step of a network."""

    __slots__ = ()

    needs_training_inputs: ClassVar[bool] = False
    """Whether `initialize_from_inputs` does anything."""

    is_random: ClassVar[bool] = False
    """Whether it computes with numbers that are drawn anew in every step of training."""

    uses_batch_statistics: ClassVar[bool] = False
    """Whether an example's output depends on the others of its batch, in training."""

    keeps_positions: ClassVar[bool] = False
    """Whether an output without the axes of an image still depends on one place of it alone."""

    weight_uses: ClassVar[int] = 1
    """How often an example is multiplied with each weight, at every position of its output."""

    unregularized_weights: ClassVar[tuple[str, ...]] = ()
    """Parameters that no penalty acts on and that still multiply the input, as weights do and biases do not."""

    @abstractmethod
    def declare(self, x: Shape) -> Declaration:
        """Output shape, weights and buffers for inputs of core shape `x`. Raises ShapeError where `x` does not fit."""

    @abstractmethod
    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        """The output, and the function that turns its gradient into the gradients of `w` and `x`.

        Neither may write into `x`, and `backward` may not write into `dy`: another layer may hold them.
        """

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        """Write what the layer does at evaluation in operators of ONNX, and give the name of its output.

        Raises UsageError where there is no way to say it in them.
        """
        name = type(self).__name__
        raise UsageError(f"{at.path} cannot be exported to ONNX: there is no translation of the layer {name}")

    def list_inner_layers(self) -> Mapping[str, Layer]:
        """The layers that it was given, by the names of its parts."""
        return {}

    def describe_window(self) -> tuple[int, int] | None:
        """Side and stride of the window through which it sees an image; None of other layers."""
        return None

    def initialize_from_inputs(self, w: Views, x: Array, seeds: Sequence[int]) -> None:
        """Fill weights that start from the training inputs x (R or 1, N, ...) rather than from an initialiser."""
        return


class ShapeError(ValueError):
    """An input shape that a layer cannot take; the message says what would fit."""


class ImageShapeError(ShapeError):
    """Inputs that are no images, where a layer needs some."""


def format_shape(x: Shape) -> str:
    """A shape as it is read: 8 x 8 x 1."""
    return " x ".join(map(str, x))


def check_flat_width(x: Shape, layer: str) -> int:
    """The width of a flat input, or ShapeError."""
    if len(x) != 1:
        raise ShapeError(f"{layer} takes flat inputs, but these are {format_shape(x)}: write `flatten` before it")
    return x[0]
