"""The objective of one batch, for optimizers that look at it in several places.

R replicas, K places, P parameters, N examples, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from nnexp.nn.layers.base import Context
from nnexp.nn.model import Model
from nnexp.nn.random import copy_generators
from nnexp.typing import Array

BLOCK_BYTES = 2**27
"""How much memory the networks that are evaluated at once may take."""


class BatchObjective:
    """The objective of a model on inputs x (R or 1, N, ...) and targets d (R or 1, N, O), for training.

    The places where a replica is looked at are copies of it in a stack of their own, in double precision. `sources`
    are the replicas' generators as they were before the batch, so that dropout drops the same everywhere.
    """

    def __init__(self, model: Model, x: Array, d: Array, sources: Sequence[np.random.Generator]) -> None:
        self.theta, self.trainable = model.theta, model.trainable
        self._model, self._x, self._d, self._sources = model, x, d, sources
        outputs = sum(prod(part.output) for part in model.declaration.parts.values())
        # About: theta, its gradient and the penalties' weights; of a layer its output, what the way back keeps, and dy.
        numbers = 3 * model.declaration.weight_count + 3 * x.shape[1] * outputs
        self._block = max(1, BLOCK_BYTES // (8 * numbers))

    def evaluate_at(self, row: int, places: Array) -> tuple[Array, Array]:
        """A replica's objective (K,) and its gradient (K, P) at the places (K, P)."""
        values, slopes = [], []
        for start in range(0, len(places), self._block):
            value, slope = self._evaluate_block(row, places[start : start + self._block])
            values.append(value)
            slopes.append(slope)
        return np.concatenate(values), np.concatenate(slopes)

    def _evaluate_block(self, row: int, places: Array) -> tuple[Array, Array]:
        rows = [row] * len(places)
        copies = self._model.copy_replicas(rows, "float64")
        copies.theta[...] = places
        own = slice(None) if len(self._x) == 1 else slice(row, row + 1)  # one batch may serve all replicas
        x, d = self._x[own].astype(np.float64), self._d[own].astype(np.float64)
        context = Context(training=True, generators=copy_generators(self._sources, rows), propagate=False)
        loss, penalty, _ = copies.compute_gradient(x, d, context)
        return loss + penalty, copies.grad
