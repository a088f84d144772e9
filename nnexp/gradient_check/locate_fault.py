"""Which layer is at fault.   E probes

A wrong dx makes the gradients of all layers before it wrong, though these are innocent. So each layer is checked by
itself, with the inputs and the dy that it had in the whole network, as a function Σ y dy of its weights and inputs:
whatever dy is, the layer's dW and dx must be the derivatives of that. The loss and the penalties are checked by
themselves too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nnexp.gradient_check.compare import compare_gradient
from nnexp.gradient_check.objective import WeightObjective
from nnexp.gradient_check.probes import PointFunction, draw_directions
from nnexp.gradient_check.result import Fault
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, layer_views, weight_views
from nnexp.nn.random import copy_generators
from nnexp.nn.replicas import take_replicas
from nnexp.registry import penalties
from nnexp.typing import AnyArray, Array, IntArray

DIRECTION_COUNT = 8
POINTS_AT_ONCE = 6

DerivativeCheck = Callable[[str, str, PointFunction, Array, Array], Iterator[Fault]]


def find_faults(objective: WeightObjective, threshold: float, source: np.random.Generator) -> tuple[Fault, ...]:
    """Whatever is wrong by itself, from the loss back to the first layer."""

    def compare_derivative(
        part: str, what: str, function: PointFunction, origin: Array, gradient: Array
    ) -> Iterator[Fault]:
        index = np.arange(origin.size)
        yield from _check_derivative(part, what, index, function, origin, gradient, threshold, source)

    return tuple(_check_all_parts(objective, compare_derivative))


def _check_derivative(
    part: str,
    what: str,
    index: IntArray,
    function: PointFunction,
    origin: Array,
    gradient: Array,
    threshold: float,
    source: np.random.Generator,
) -> Iterator[Fault]:
    """One derivative along random directions."""
    probes = draw_directions(index, DIRECTION_COUNT, source)
    found = compare_gradient(function, origin, gradient, [probes], POINTS_AT_ONCE, threshold)
    if found.is_wrong(threshold):
        yield Fault(part, what, found.error)


def _check_all_parts(objective: WeightObjective, compared: DerivativeCheck) -> Iterator[Fault]:
    model, context = objective.model.copy_replicas([0]), objective.make_context(1)
    w = layer_views(model.declaration, model.theta, model.buffers)
    passes: list[_LayerPass] = []
    x: Array = objective.x
    for name, layer in zip(model.network.names, model.network.layers, strict=True):
        before = copy_generators(context.generators, [0])
        y, backward = layer.forward(w.parts[name], x, make_training_context(context.generators))
        passes.append(_LayerPass(name, layer, model.declaration.parts[name], before, x, y, backward))
        x = y
    _, dy = model.loss(x, objective.d)
    yield from compared(
        "loss", "dz", lambda z: _evaluate_loss(objective, z.reshape(-1, *x.shape[1:])), x.ravel(), dy.ravel()
    )
    yield from _check_penalties(objective, compared)
    grad = np.zeros_like(model.theta)
    dw = weight_views(model.declaration, grad)
    arrays = {"theta": model.theta, "buffers": objective.model.buffers, "grad": grad}
    places = _locate_layers(model.declaration)
    for one in reversed(passes):
        dx = one.backward(dy, dw.parts[one.name])
        assert dx is not None
        yield from one.check_layer(arrays, places[one.name], dy, dx, compared)
        dy = dx


def make_training_context(generators: Sequence[np.random.Generator]) -> Context:
    """A step of training in which dx is wanted."""
    return Context(training=True, generators=generators, new_epoch=True)


def _evaluate_loss(objective: WeightObjective, z: Array) -> Array:
    return take_replicas(objective.model.loss, [0] * len(z))(z, objective.d)[0]


def _check_penalties(objective: WeightObjective, compared: DerivativeCheck) -> Iterator[Fault]:
    model = objective.model
    weights = np.where(model.regularized, model.theta, 0)
    used = np.flatnonzero(model.regularized & (weights[0] != 0))
    for term in model.penalties if used.size else ():

        def value(points: Array, term: object = term) -> Array:
            everything = np.zeros((len(points), weights.shape[1]))
            everything[:, used] = points
            return take_replicas(term, [0] * len(points))(everything)[0]  # type: ignore[operator]

        name = penalties.name_of(term) if type(term) in map(penalties.__getitem__, penalties) else type(term).__name__
        yield from compared(f"penalty {name}", "its slope", value, weights[0, used], term(weights)[1][0, used])


def _locate_layers(declaration: Declaration) -> dict[str, tuple[slice, slice]]:
    """Where each layer's weights and buffers stand."""
    places, theta, buffers = {}, 0, 0
    for name, part in declaration.parts.items():
        places[name] = slice(theta, theta + part.weight_count), slice(buffers, buffers + part.buffer_count)
        theta, buffers = theta + part.weight_count, buffers + part.buffer_count
    return places


class _LayerPass:
    """A layer with what it was given on its way through the network."""

    def __init__(
        self,
        name: str,
        layer: Layer,
        declaration: Declaration,
        generators: Sequence[np.random.Generator],
        x: Array,
        y: Array,
        backward: Backward,
    ) -> None:
        self.name, self.backward = name, backward
        self._layer, self._declaration, self._generators = layer, declaration, generators
        self._x, self._shape = x, y.shape

    def check_layer(
        self,
        arrays: dict[str, AnyArray],
        place: tuple[slice, slice],
        dy: Array,
        dx: Array,
        compared: DerivativeCheck,
    ) -> Iterator[Fault]:
        """Each weight's gradient, and dx."""
        theta, buffers = arrays["theta"][:, place[0]], arrays["buffers"][:, place[1]]
        grad = arrays["grad"][0, place[0]]
        at = 0
        for name, weight in self._declaration.iterate_weights():
            size = int(np.prod(weight.shape))
            here = slice(at, at + size)

            def of_weight(points: Array, here: slice = here) -> Array:
                moved = np.repeat(theta, len(points), axis=0)
                moved[:, here] = points
                return self._compute_product(moved, buffers, self._x, dy)

            yield from compared(self.name, f"the gradient of {name}", of_weight, theta[0, here], grad[here])
            at += size

        def evaluate_inputs(points: Array) -> Array:
            return self._compute_product(theta, buffers, points.reshape(-1, *self._x.shape[1:]), dy)

        yield from compared(self.name, "dx, which it hands back,", evaluate_inputs, self._x.ravel(), dx.ravel())

    def _compute_product(self, theta: Array, buffers: Array, x: Array, dy: Array) -> Array:
        """Σ y dy for each of some copies."""
        count = max(len(theta), len(x))
        many = [0] * count
        theta, buffers = np.repeat(theta, count // len(theta), axis=0), buffers[many].copy()
        w = layer_views(self._declaration, theta, buffers)
        y, _ = take_replicas(self._layer, many).forward(
            w, x, make_training_context(copy_generators(self._generators, many))
        )
        products = (y * dy).reshape(len(y), -1).sum(axis=-1)
        return np.broadcast_to(products, count)
