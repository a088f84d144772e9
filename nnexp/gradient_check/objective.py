"""The objective of one network as a function of its weights.   K points, P parameters, N examples"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from nnexp.nn.layers.base import Context
from nnexp.nn.model import Model
from nnexp.nn.parameters import Declaration, Views, layer_views
from nnexp.nn.random import copy_generators
from nnexp.typing import Array

CHUNK_BYTES = 2**22
"""About how much the copies that are evaluated at once may hold: what a core's cache holds."""


class WeightObjective:
    """Mean loss and penalties of a batch x (1, N, ...), d (1, N, O), as in training, in double precision.

    Every evaluation draws the same numbers from copies of the generators in `sources`. The perturbed networks are
    replicas; the buffers that they write are their own.
    """

    def __init__(self, model: Model, x: Array, d: Array, sources: Sequence[np.random.Generator]) -> None:
        self.model = model.copy_replicas([0], "float64")
        self.x, self.d, self._sources = x.astype(np.float64), d.astype(np.float64), sources
        self._copies: dict[int, tuple[Model, Views, Context]] = {}

    @property
    def origin(self) -> Array:
        """The weights (P)."""
        return self.model.theta[0].copy()

    @property
    def points_at_once(self) -> int:
        """How many networks are evaluated at once."""
        activations = 4 * self.x.shape[1] * count_outputs(self.model.declaration)
        return max(1, CHUNK_BYTES // (8 * (4 * self.model.theta.shape[1] + activations)))

    def make_context(self, count: int) -> Context:
        """The first step of an epoch, for so many copies."""
        return Context(
            training=True, generators=copy_generators(self._sources, [0] * count), new_epoch=True, propagate=False
        )

    def compute_gradient(self) -> Array:
        """The analytic gradient (P)."""
        model = self.model.copy_replicas([0])
        model.compute_gradient(self.x, self.d, self.make_context(1))
        return model.grad[0]

    def __call__(self, points: Array) -> Array:
        """The objective at points. (K, P) -> (K)"""
        model, w, context = self._copy_model(len(points))
        model.theta[...], model.buffers[...] = points, self.model.buffers
        for source in context.generators:
            source.bit_generator.state = self._sources[0].bit_generator.state
        z, _ = model.network.forward(w, self.x, context)
        value, _ = model.loss(z, self.d)
        if model.penalties:
            weights = np.where(model.regularized, model.theta, 0)
            for term in model.penalties:
                value = value + term(weights)[0]
        return value

    def _copy_model(self, count: int) -> tuple[Model, Views, Context]:
        """So many replicas; those of the usual number are kept."""
        if count not in self._copies:
            self._copies = {size: kept for size, kept in self._copies.items() if size == self.points_at_once}
            model = self.model.copy_replicas([0] * count)
            w = layer_views(model.declaration, model.theta, model.buffers)
            self._copies[count] = model, w, self.make_context(count)
        return self._copies[count]


def count_outputs(declaration: Declaration) -> int:
    """The numbers that one example becomes on its way through all layers."""
    return prod(declaration.output) + sum(map(count_outputs, declaration.parts.values()))
