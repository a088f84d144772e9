"""Which layer is at fault.   E probes

A wrong dx makes the gradients of all layers before it wrong, though these are innocent. So each layer is checked by
itself, with the inputs and the dy that it had in the whole network, as a function Σ y dy of its weights and inputs:
whatever dy is, the layer's dW and dx must be the derivatives of that. The loss and the penalties are checked by
themselves too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.gradient_check.compare import compare_gradient
from nnexp.gradient_check.probes import PointFunction, draw_directions
from nnexp.gradient_check.result import Fault
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.model import Model
from nnexp.nn.objective import BatchObjective
from nnexp.nn.parameters import Declaration, layer_views, weight_views
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.random import copy_generators
from nnexp.nn.replicas import take_replicas
from nnexp.registry import penalties
from nnexp.typing import Array, IntArray

DIRECTION_COUNT = 8
"""Random directions along which a derivative is checked."""

POINTS_AT_ONCE = 6
"""Points at which a part is evaluated together: ±h, ±h/2 and ±h/4 of one direction."""


def find_faults(objective: BatchObjective, threshold: float, source: np.random.Generator) -> tuple[Fault, ...]:
    """Whatever is wrong by itself, from the loss back to the first layer."""
    return tuple(_FaultSearch(objective, threshold, source).check_all_parts())


class _FaultSearch:
    """Checks the loss, the penalties and each layer; `source` draws the directions, in this order."""

    def __init__(self, objective: BatchObjective, threshold: float, source: np.random.Generator) -> None:
        self._objective, self._threshold, self._source = objective, threshold, source

    def check_all_parts(self) -> Iterator[Fault]:
        """The faults of all parts; the backward pass goes on from what each layer hands back, be it wrong."""
        objective = self._objective
        model, context = objective.model.copy_replicas([0]), objective.make_context(0, 1)
        passes, z = self._run_forward(model, context)
        _, dy = model.compute_loss(z, objective.d)
        yield from self._check_loss(z, dy)
        yield from self._check_penalties()
        grad = np.zeros_like(model.theta)
        dw = weight_views(model.declaration, grad)
        places = _locate_layers(model.declaration)
        for one in reversed(passes):
            weights, buffers = places[one.name]
            dx = one.backward(dy, dw.parts[one.name])
            assert dx is not None
            # The buffers from before the pass, which has changed those of its own model.
            arrays = _LayerArrays(model.theta[:, weights], objective.model.buffers[:, buffers], grad[0, weights], dy)
            yield from self._check_layer(one, arrays, dx)
            dy = dx

    def _run_forward(self, model: Model, context: Context) -> tuple[list[_LayerPass], Array]:
        """Each layer with what it was given on its way through the network, and the outputs."""
        w = layer_views(model.declaration, model.theta, model.buffers)
        passes: list[_LayerPass] = []
        x: Array = self._objective.x
        for name, layer in zip(model.network.names, model.network.layers, strict=True):
            # Copies from before the layer draws: each check of it must see the same numbers again.
            generators = copy_generators(context.generators, [0])
            y, backward = layer.forward(w.parts[name], x, make_training_context(context.generators))
            passes.append(_LayerPass(name, layer, model.declaration.parts[name], generators, x, backward))
            x = y
        return passes, x

    def _check_loss(self, z: Array, dz: Array) -> Iterator[Fault]:
        objective = self._objective

        def evaluate(points: Array) -> Array:
            copies = objective.model.copy_replicas([0] * len(points))
            return copies.compute_loss(points.reshape(-1, *z.shape[1:]), objective.d)[0]

        yield from self._check_derivative("loss", "dz", evaluate, z.ravel(), dz.ravel())

    def _check_penalties(self) -> Iterator[Fault]:
        model = self._objective.model
        weights = np.where(model.regularized, model.theta, 0)
        # At 0 a penalty such as l1 has a kink, and there no difference can say what its slope should be.
        used = np.flatnonzero(model.regularized & (weights[0] != 0))
        if not used.size:
            return
        for penalty in model.penalties:
            yield from self._check_penalty(penalty, weights, used)

    def _check_penalty(self, penalty: Penalty, weights: Array, used: IntArray) -> Iterator[Fault]:
        """The slope of one penalty by the weights (1, P) at the places `used`."""

        def evaluate(points: Array) -> Array:
            everything = np.zeros((len(points), weights.shape[1]))
            everything[:, used] = points
            return take_replicas(penalty, [0] * len(points))(everything)[0]

        part = f"penalty {_name_penalty(penalty)}"
        yield from self._check_derivative(part, "its slope", evaluate, weights[0, used], penalty(weights)[1][0, used])

    def _check_layer(self, one: _LayerPass, arrays: _LayerArrays, dx: Array) -> Iterator[Fault]:
        """The gradient of each weight of a layer, and dx."""
        at = 0
        for name, weight in one.declaration.iterate_weights():
            here = slice(at, at + weight.size)
            yield from self._check_weight(one, name, here, arrays)
            at = here.stop

        def evaluate(points: Array) -> Array:
            inputs = points.reshape(-1, *one.x.shape[1:])
            return one.compute_product(arrays.theta, arrays.buffers, inputs, arrays.dy)

        yield from self._check_derivative(one.name, "dx, which it hands back,", evaluate, one.x.ravel(), dx.ravel())

    def _check_weight(self, one: _LayerPass, name: str, here: slice, arrays: _LayerArrays) -> Iterator[Fault]:
        """The gradient of the weight that stands at `here` among the layer's."""

        def evaluate(points: Array) -> Array:
            moved = np.repeat(arrays.theta, len(points), axis=0)
            moved[:, here] = points
            return one.compute_product(moved, arrays.buffers, one.x, arrays.dy)

        what = f"the gradient of {name}"
        yield from self._check_derivative(one.name, what, evaluate, arrays.theta[0, here], arrays.grad[here])

    def _check_derivative(
        self, part: str, what: str, function: PointFunction, origin: Array, gradient: Array
    ) -> Iterator[Fault]:
        """One derivative along random directions."""
        probes = draw_directions(np.arange(origin.size), DIRECTION_COUNT, self._source)
        found = compare_gradient(function, origin, gradient, [probes], POINTS_AT_ONCE, self._threshold)
        if found.is_wrong(self._threshold):
            yield Fault(part, what, found.error)


def make_training_context(generators: Sequence[np.random.Generator]) -> Context:
    """A step of training in which dx is wanted."""
    return Context(training=True, generators=generators, new_epoch=True)


def _name_penalty(penalty: Penalty) -> str:
    """The penalty's name in a spec, or that of its class where it is not registered, as in a test."""
    if type(penalty) in map(penalties.__getitem__, penalties):
        return penalties.name_of(penalty)
    return type(penalty).__name__


def _locate_layers(declaration: Declaration) -> dict[str, tuple[slice, slice]]:
    """Where each layer's weights and buffers stand."""
    places, theta, buffers = {}, 0, 0
    for name, part in declaration.parts.items():
        places[name] = slice(theta, theta + part.weight_count), slice(buffers, buffers + part.buffer_count)
        theta, buffers = theta + part.weight_count, buffers + part.buffer_count
    return places


@dataclass(frozen=True, slots=True, eq=False)
class _LayerArrays:
    """The numbers of one layer: weights (1, P), buffers (1, B), gradient (P), and dy (1, N, ...)."""

    theta: Array
    buffers: Array
    grad: Array
    dy: Array


@dataclass(frozen=True, slots=True, eq=False)
class _LayerPass:
    """A layer with what it was given on its way through the network."""

    name: str
    layer: Layer
    declaration: Declaration
    generators: Sequence[np.random.Generator]
    x: Array
    backward: Backward

    def compute_product(self, theta: Array, buffers: Array, x: Array, dy: Array) -> Array:
        """Σ y dy for each of some copies."""
        count = max(len(theta), len(x))
        many = [0] * count
        theta, buffers = np.repeat(theta, count // len(theta), axis=0), buffers[many].copy()
        w = layer_views(self.declaration, theta, buffers)
        context = make_training_context(copy_generators(self.generators, many))
        y, _ = take_replicas(self.layer, many).forward(w, x, context)
        products = (y * dy).reshape(len(y), -1).sum(axis=-1)
        # Outputs that do not depend on the weights come once for all copies.
        return np.broadcast_to(products, count)
