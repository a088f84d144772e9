"""The objective of one batch as a function of the weights.

R replicas, K points, P parameters, N examples, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.nn.layers.base import Context
from nnexp.nn.model import Model
from nnexp.nn.random import copy_generators
from nnexp.nn.size import count_activations
from nnexp.typing import Array

BLOCK_BYTES = 2**27
"""About how much memory the networks that are evaluated at once may take."""


class BatchObjective:
    """Mean loss and penalties of a model on inputs x (R or 1, N, ...) and targets d (R or 1, N, O), as in training.

    The points at which a replica is evaluated are copies of it in a stack of their own, in double precision; what they
    write to their buffers is lost. `sources` are the replicas' generators as they were before the batch: every
    evaluation draws the same numbers from copies of them, so that dropout drops the same everywhere.
    """

    def __init__(
        self,
        model: Model,
        x: Array,
        d: Array,
        sources: Sequence[np.random.Generator],
        *,
        new_epoch: bool = False,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self.model, self.x, self.d = model, x, d
        self.theta, self.trainable = model.theta, model.trainable
        self._sources, self._new_epoch = sources, new_epoch
        self._stack_key = (0, 0)
        self._stack: Model | None = None
        # About: theta, its gradient and the penalties' weights; of a layer its output, what the way back keeps, and dy.
        numbers = 4 * model.declaration.weight_count + 4 * x.shape[1] * count_activations(model.declaration)
        self.points_at_once = max(1, block_bytes // (8 * numbers))

    def evaluate_at(self, row: int, points: Array) -> tuple[Array, Array]:
        """A replica's objective (K,) and its gradient (K, P) at the points (K, P)."""
        values, slopes = [], []
        for block in self._split(points):
            model, (x, d) = self._place_copies(row, block), self.take_batch(row)
            loss, penalty, _ = model.compute_gradient(x, d, self.make_context(row, len(block)))
            values.append(loss + penalty)
            slopes.append(model.grad.copy())
        return np.concatenate(values), np.concatenate(slopes)

    def compute_values(self, row: int, points: Array) -> Array:
        """A replica's objective at the points, without its gradient. (K, P) -> (K,)"""
        values = []
        for block in self._split(points):
            model, (x, d) = self._place_copies(row, block), self.take_batch(row)
            z, _ = model.network.forward(model.w, x, self.make_context(row, len(block)))
            value, _ = model.compute_loss(z, d)
            for penalty, _ in model.evaluate_penalties():
                value = value + penalty
            values.append(value)
        return np.concatenate(values)

    def take_batch(self, row: int) -> tuple[Array, Array]:
        """A replica's inputs (1, N, ...) and targets (1, N, O) in double precision."""
        own = slice(None) if len(self.x) == 1 else slice(row, row + 1)  # one batch may serve all replicas
        return self.x[own].astype(np.float64, copy=False), self.d[own].astype(np.float64, copy=False)

    def make_context(self, row: int, copies: int) -> Context:
        """A step of training for so many copies of a replica."""
        generators = copy_generators(self._sources, [row] * copies)
        return Context(training=True, generators=generators, new_epoch=self._new_epoch, propagate=False)

    def _split(self, points: Array) -> list[Array]:
        # In blocks: a point is a whole network, and all at once may not fit into memory.
        return [points[start : start + self.points_at_once] for start in range(0, len(points), self.points_at_once)]

    def _place_copies(self, row: int, points: Array) -> Model:
        """Copies of a replica with these weights; the stack of one block serves the next one of its size."""
        key = row, len(points)
        if self._stack is None or self._stack_key != key:
            self._stack_key, self._stack = key, self.model.copy_replicas([row] * len(points), "float64")
        self._stack.theta[...], self._stack.buffers[...] = points, self.model.buffers[row]
        return self._stack
