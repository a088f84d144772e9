"""A stack's network, loss and penalties, bound to their arrays.

R replicas, N examples, P parameters, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.initializers.base import Initializer
from nnexp.layers.base import EVALUATION, Context
from nnexp.layers.chain import Chain
from nnexp.losses.base import Loss
from nnexp.parameters import Declaration, layer_views, weight_views
from nnexp.penalties.base import Penalty
from nnexp.replicas import generators, lift
from nnexp.typing import Array


class Model:
    """The objective as a function of theta (R, P), with its gradient.

    objective = mean loss + penalties,  grad = d objective / d theta
    """

    def __init__(
        self,
        network: Chain,
        declaration: Declaration,
        loss: Loss,
        penalties: Sequence[Penalty],
        theta: Array,
        buffers: Array,
    ) -> None:
        self.network, self.loss, self.penalties = network, loss, tuple(penalties)
        self.theta, self.buffers = theta, buffers
        self.grad = np.zeros_like(theta)
        self.regularized = declaration.regularized()
        self._w = layer_views(declaration, theta, buffers)
        self._dw = weight_views(declaration, self.grad)

    def gradient(self, x: Array, d: Array, ctx: Context) -> tuple[Array, Array, Array]:
        """Fill grad; give the loss (R,), the penalty (R,) and the outputs z (R, N, O) of a batch."""
        z, backward = self.network.forward(self._w, x, ctx)
        loss, dz = self.loss(z, d)
        backward(dz, self._dw)
        penalty = np.zeros(loss.shape, loss.dtype)
        if self.penalties:
            weights = np.where(self.regularized, self.theta, 0)
            for term in self.penalties:
                value, slope = term(weights)
                penalty = penalty + value
                self.grad += slope
        return loss, penalty, z

    def outputs(self, x: Array) -> Array:
        """The outputs z (R, N, O) for inputs x (R or 1, N, ...), as at evaluation."""
        return self.network.forward(self._w, x, EVALUATION)[0]


def initial_parameters(declaration: Declaration, init: Initializer, seeds: Sequence[int], dtype: str) -> Array:
    """Theta (R, P) at the start of training, drawn in double precision and rounded once.

    Every weight is drawn from a generator of its own, named after it, so that a new layer changes no other's weights.
    """
    theta = np.empty((len(seeds), declaration.size))
    views = weight_views(declaration, theta)
    for name, weight in declaration.entries():
        *layers, own = name.split(".")
        at = views
        for layer in layers:
            at = at.parts[layer]
        if weight.fill == "init":
            at[own][...] = init.draw(generators(seeds, f"init {name}"), weight)
        else:
            at[own][...] = lift(init.bias if weight.fill == "bias" else weight.fill, at[own])
    return theta.astype(dtype)


def initial_buffers(declaration: Declaration, replicas: int, dtype: str) -> Array:
    """The buffers (R, B) at the start of training."""
    return np.repeat(declaration.initial_buffers().astype(dtype), replicas, axis=0)
