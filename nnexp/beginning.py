"""Theta and buffers before the first step.   R replicas, N examples, P parameters, B buffers"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nnexp.initializers.base import Initializer
from nnexp.layers.base import Context, Layer
from nnexp.layers.chain import Chain
from nnexp.model import initial_buffers, initial_parameters
from nnexp.network import walk
from nnexp.parameters import Declaration, Views, layer_views
from nnexp.typing import Array

Inputs: TypeAlias = Callable[[slice], Array]
"""Which training examples -> their inputs (R or 1, n, ...), normalised."""

FIRST_BATCH = 256
"""How many training examples an initialiser sees that looks at a first batch."""


def begin(
    network: Chain, declaration: Declaration, init: Initializer, seeds: Sequence[int], x: Inputs, dtype: str
) -> tuple[Array, Array]:
    """Theta (R, P) and the buffers (R, B): drawn, taken over, and settled on the training inputs.

    All in double precision, and rounded once.
    """
    theta = initial_parameters(declaration, init, seeds, "float64")
    buffers = initial_buffers(declaration, len(seeds), "float64")
    w = layer_views(declaration, theta, buffers)
    taken = init.taken()
    for name, values in taken.items():
        w.at(name)[...] = values
    looking = any(layer.settles for layer in walk(network.layers))
    if looking or init.settles:
        seen = x(slice(None if looking else FIRST_BATCH)).astype(np.float64)
        _settle(network, w, init, seeds, seen, taken)
    return theta.astype(dtype), buffers.astype(dtype)


def _settle(
    network: Chain, w: Views, init: Initializer, seeds: Sequence[int], x: Array, taken: Mapping[str, Array]
) -> None:
    """One pass in which each layer finds its place, those before it having found theirs; then all together."""

    def settle(layer: Layer, w: Views, x: Array) -> None:
        if layer.settles and not any(f"{w.path}.{name}" in taken for name in w):
            layer.settle(w, x, seeds)
        init.settle(layer, w, x[:, :FIRST_BATCH])

    network.forward(w, x, Context(training=False, observe=settle))
    init.balance(network, w, x[:, :FIRST_BATCH], seeds)
