"""Theta and buffers before the first step.   R replicas, N examples, P parameters, B buffers"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.layers.base import Context, Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.network import walk_layers
from nnexp.nn.parameters import Declaration, Views, layer_views, weight_views
from nnexp.nn.random import make_generators
from nnexp.typing import Array

TrainingInputs: TypeAlias = Callable[[slice], Array]
"""Which training examples -> their inputs (R or 1, n, ...), normalised."""

FIRST_BATCH_EXAMPLES = 256
"""How many training examples an initialiser sees that needs a first batch; more hardly change a variance."""


def initialize_parameters(
    network: Chain, declaration: Declaration, init: Initializer, seeds: Sequence[int], x: TrainingInputs, dtype: str
) -> tuple[Array, Array]:
    """Theta (R, P) and the buffers (R, B): drawn or another run's, then adjusted to the training inputs.

    All in double precision, and rounded once.
    """
    theta = draw_parameters(declaration, init, seeds, "float64")
    buffers = make_buffers(declaration, len(seeds), "float64")
    w = layer_views(declaration, theta, buffers)
    transferred = init.transferred_weights()
    for name, values in transferred.items():
        w.array_of(name)[...] = values
    needs_all = any(layer.needs_training_inputs for layer in walk_layers(network.layers))
    if needs_all or init.needs_first_batch:
        rows = slice(None) if needs_all else slice(FIRST_BATCH_EXAMPLES)
        inputs = x(rows).astype(np.float64)
        _adjust_to_inputs(network, w, init, seeds, inputs, transferred)
    return theta.astype(dtype), buffers.astype(dtype)


def _adjust_to_inputs(
    network: Chain, w: Views, init: Initializer, seeds: Sequence[int], x: Array, transferred: Mapping[str, Array]
) -> None:
    """One pass through the network in which each layer is adjusted to what the adjusted ones before it give."""

    def adjust_layer(layer: Layer, w: Views, x: Array) -> None:
        # A layer of which a part comes from another run keeps it: centres found anew would not fit its widths.
        is_transferred = any(f"{w.path}.{name}" in transferred for name in w)
        if layer.needs_training_inputs and not is_transferred:
            layer.initialize_from_inputs(w, x, seeds)
        init.adjust_layer(layer, w, x[:, :FIRST_BATCH_EXAMPLES])

    network.forward(w, x, Context(training=False, observe=adjust_layer))
    init.balance_layers(network, w, x[:, :FIRST_BATCH_EXAMPLES], seeds)


def draw_parameters(declaration: Declaration, init: Initializer, seeds: Sequence[int], dtype: str) -> Array:
    """Theta (R, P) at the start of training, drawn in double precision and rounded once.

    So networks in single and in double precision start from the same point. Every weight is drawn from a generator of
    its own, named after it, so that a new layer changes no other's weights.
    """
    theta = np.empty((len(seeds), declaration.weight_count))
    views = weight_views(declaration, theta)
    for name, weight in declaration.iterate_weights():
        views.array_of(name)[...] = init.initialize_weight(make_generators(seeds, f"init {name}"), weight)
    return theta.astype(dtype)


def make_buffers(declaration: Declaration, replicas: int, dtype: str) -> Array:
    """The buffers (R, B) at the start of training."""
    return np.repeat(declaration.initial_buffers().astype(dtype), replicas, axis=0)
