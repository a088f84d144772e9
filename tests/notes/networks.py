"""Small networks of one replica in double precision, their weights and their gradients by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.nn.initialization import draw_parameters, make_buffers
from nnexp.nn.initializers.normal import Normal
from nnexp.nn.layers.base import Context, Layer
from nnexp.nn.losses.base import Loss
from nnexp.nn.model import Model
from nnexp.nn.parameters import weight_views
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.random import make_generators
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray, Shape
from tests.contracts.examples import chained

ByName = dict[str, AnyArray]
"""Weights, or their gradients, by their full names, such as dense_1.W; without the replica axis."""


def draw(*shape: int, seed: int = 0) -> AnyArray:
    return np.random.default_rng(seed).standard_normal(shape)


def one_hot(labels: Sequence[int], classes: int) -> AnyArray:
    return np.eye(classes)[list(labels)]


def model_of(shape: Shape, layers: Sequence[Layer], loss: Loss, penalties: Sequence[Penalty] = ()) -> Model:
    """A model whose weights are N(0, 0.7²) and whose biases are 0.1."""
    network = chained(*layers)
    declaration = network.declare(shape)
    theta = draw_parameters(declaration, Normal(0.7, bias=0.1), [0], "float64")
    return Model(network, declaration, loss, penalties, theta, make_buffers(declaration, 1, "float64"))


def weights(model: Model) -> ByName:
    """Copies of the weights, with biases as they are kept: (1, O)."""
    return _named(model, model.theta)


def gradients(model: Model, x: AnyArray, d: AnyArray) -> tuple[float, ByName]:
    """The objective of these examples, x (N, ...) and d (N, O), and its gradient."""
    context = Context(training=True, generators=make_generators([0], "dropout"), new_epoch=True)
    loss, penalty, _ = model.compute_gradient(x[None], d[None], context)
    return float(loss[0] + penalty[0]), _named(model, model.grad)


def _named(model: Model, flat: AnyArray) -> ByName:
    views = weight_views(model.declaration, flat)
    return {name: views.array_of(name)[0].copy() for name, _ in model.declaration.iterate_weights()}


def begun(text: str, *overrides: str) -> Stack:
    """A training that a spec describes, before its first step."""
    spec = load_network_spec(SpecText("notes.yaml", text), overrides, name="notes")
    return Stack([spec], [spec.prepare()])


def weights_of(stack: Stack) -> ByName:
    return _named(stack.model, stack.state.theta)


def close(found: AnyArray, wanted: AnyArray, rtol: float = 1e-11) -> None:
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-13)
