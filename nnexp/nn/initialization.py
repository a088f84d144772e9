"""Theta and buffers before the first step.   R replicas, N examples, P parameters, B buffers"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.layers.base import Context, Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.model import draw_parameters, make_buffers
from nnexp.nn.network import walk_layers
from nnexp.nn.parameters import Declaration, Views, layer_views
from nnexp.typing import Array

TrainingInputs: TypeAlias = Callable[[slice], Array]
"""Which training examples -> their inputs (R or 1, n, ...), normalised."""

FIRST_BATCH_EXAMPLES = 256
"""How many training examples an initialiser sees that looks at a first batch."""


def initialize_parameters(
    network: Chain, declaration: Declaration, init: Initializer, seeds: Sequence[int], x: TrainingInputs, dtype: str
) -> tuple[Array, Array]:
    """Theta (R, P) and the buffers (R, B): drawn, taken over, and settled on the training inputs.

    All in double precision, and rounded once.
    """
    theta = draw_parameters(declaration, init, seeds, "float64")
    buffers = make_buffers(declaration, len(seeds), "float64")
    w = layer_views(declaration, theta, buffers)
    taken = init.transferred_weights()
    for name, values in taken.items():
        w.array_of(name)[...] = values
    looking = any(layer.needs_training_inputs for layer in walk_layers(network.layers))
    if looking or init.needs_first_batch:
        seen = x(slice(None if looking else FIRST_BATCH_EXAMPLES)).astype(np.float64)
        _adjust_to_inputs(network, w, init, seeds, seen, taken)
    return theta.astype(dtype), buffers.astype(dtype)


def _adjust_to_inputs(
    network: Chain, w: Views, init: Initializer, seeds: Sequence[int], x: Array, taken: Mapping[str, Array]
) -> None:
    """One pass in which each layer finds its place, those before it having found theirs; then all together."""

    def observe_layer(layer: Layer, w: Views, x: Array) -> None:
        if layer.needs_training_inputs and not any(f"{w.path}.{name}" in taken for name in w):
            layer.initialize_from_inputs(w, x, seeds)
        init.adjust_layer(layer, w, x[:, :FIRST_BATCH_EXAMPLES])

    network.forward(w, x, Context(training=False, observe=observe_layer))
    init.balance_layers(network, w, x[:, :FIRST_BATCH_EXAMPLES], seeds)
