"""Layers with one fault each in their backward pass, and small models around them.   N examples, I inputs, O outputs"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnexp.gradient_check.gradients import check_model
from nnexp.gradient_check.result import GradientCheck
from nnexp.nn.initialization import draw_parameters, make_buffers
from nnexp.nn.initializers.xavier import Xavier
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.chain import make_chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.random import make_generators
from nnexp.typing import AnyArray, Array, Shape

N, I, H, O = 13, 5, 7, 3


@dataclass(frozen=True)
class Pass:
    """What a layer's backward pass knows."""

    x: AnyArray
    w: Views
    dy: AnyArray
    dw: Views
    ctx: Context


class Memory:
    """What a layer should not have."""

    def __init__(self) -> None:
        self.x: AnyArray | None = None


Fault = Callable[[Pass, "AnyArray | None"], "AnyArray | None"]
"""(the pass, the right dx) -> a dx; it may write into dw."""


@dataclass(frozen=True)
class Planted(Layer):
    """A layer whose backward pass goes through a fault."""

    layer: Any
    fault: Fault
    memory: Memory = field(default_factory=Memory)

    def declare(self, x: Shape) -> Declaration:
        return self.layer.declare(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        y, right = self.layer.forward(w, x, ctx)
        if self.memory.x is None:
            self.memory.x = x

        def backward(dy: Array, dw: Views) -> Array | None:
            return self.fault(Pass(x, w, dy, dw, ctx), right(dy, dw))

        return y, backward


def model_of(layers: Sequence[Layer], loss: Loss | None = None, penalties: tuple[Any, ...] = ()) -> Model:
    """A model on I inputs; its layers are called layer_1, layer_2, ..."""
    network = make_chain(layers, ["layer"] * len(layers))
    declaration = network.declare((I,))
    theta = draw_parameters(declaration, Xavier(bias=0.1), [0], "float64")
    buffers = make_buffers(declaration, 1, "float64")
    return Model(network, declaration, loss or SquaredError(), penalties, theta, buffers)


def x_and_d(seed: int = 0) -> tuple[AnyArray, AnyArray]:
    draw = np.random.default_rng(seed)
    return draw.standard_normal((1, N, I)), draw.standard_normal((1, N, O))


def checked(model: Model, **options: Any) -> GradientCheck:
    return check_model(model, *x_and_d(), make_generators([0], "dropout"), **options)


def around(layer: Layer) -> list[Layer]:
    """A layer between two dense ones."""
    return [Dense(H), layer, Dense(O)]
