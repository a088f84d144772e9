"""Arrays to put through components.   R replicas, N examples"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.losses.base import Targets
from nnexp.nn.parameters import Declaration, Views, layer_views, weight_views
from nnexp.nn.random import make_generators
from nnexp.typing import AnyArray, Shape
from tests.contracts.examples import N, O, R

DTYPES = ("float32", "float64")


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(*shape: int, seed: int = 0, dtype: str = "float64") -> AnyArray:
    return random(seed).standard_normal(shape).astype(dtype)


def away_from_kinks(*shape: int, seed: int = 0, dtype: str = "float64") -> AnyArray:
    """Numbers of size 0.2 to 0.8 or 1.2 to 1.8: not near the kinks at 0 and ±1, and no two near each other."""
    draw = random(seed)
    size = draw.permutation(np.linspace(0.2, 0.8, prod(shape))).reshape(shape) + draw.integers(0, 2, shape)
    return (size * draw.choice([-1, 1], shape)).astype(dtype)


def targets(kind: Targets, seed: int = 1, dtype: str = "float64") -> list[AnyArray]:
    """Targets (R, N, O) that a loss for this kind takes: hard ones and, where there are any, soft ones."""
    draw = random(seed)
    if kind == "tasks":  # four classes, and seven values
        classes = np.eye(4)[draw.integers(0, 4, (R, N))]
        return [np.concatenate([classes, draw.standard_normal((R, N, O - 4))], axis=-1).astype(dtype)]
    if kind == "values":
        return [draw.standard_normal((R, N, O)).astype(dtype)]
    if kind == "binary":
        return [draw.integers(0, 2, (R, N, O)).astype(dtype), draw.random((R, N, O)).astype(dtype)]
    hard = np.eye(O)[draw.integers(0, O, (R, N))]
    return [hard.astype(dtype), draw.dirichlet(np.ones(O), (R, N)).astype(dtype)]


def identical(a: Any, b: Any) -> bool:
    """The same shape, type and bits; NaN equals NaN, and -0 is not 0."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def row(array: AnyArray, r: int) -> AnyArray:
    """Replica r's own part, as a stack of one; an array with one row is every replica's."""
    return array[r : r + 1] if len(array) > 1 else array


@dataclass
class Bound:
    """A layer on arrays of its own: theta (R, P) and buffers (R, B) random, dropout's generators by seed."""

    layer: Layer
    declaration: Declaration
    theta: AnyArray
    buffers: AnyArray
    seeds: Sequence[int]

    def context(self, *, training: bool) -> Context:
        """A context whose generators begin anew, so that a second pass drops the same units."""
        return Context(training, make_generators(self.seeds, "dropout"), new_epoch=True)

    def forward(
        self, x: AnyArray, *, training: bool = True, theta: AnyArray | None = None
    ) -> tuple[AnyArray, Backward]:
        return self.layer.forward(self.views(theta), x, self.context(training=training))

    def views(self, theta: AnyArray | None = None) -> Views:
        return layer_views(self.declaration, self.theta if theta is None else theta, self.buffers)

    def gradients(
        self, x: AnyArray, dy: AnyArray, *, training: bool = True, prefill: float = np.nan
    ) -> tuple[AnyArray, AnyArray, AnyArray]:
        """y, dx and the gradient (R, P) of theta, whose array held `prefill` before."""
        y, backward = self.forward(x, training=training)
        grad = np.full_like(self.theta, prefill)
        dx = backward(dy, weight_views(self.declaration, grad))
        assert dx is not None
        return y, dx, grad

    def alone(self, layer: Layer, r: int) -> Bound:
        """Replica r by itself, `layer` being its own."""
        return Bound(layer, self.declaration, row(self.theta, r).copy(), row(self.buffers, r).copy(), [self.seeds[r]])


def bind(layer: Layer, shape: Shape, dtype: str = "float64", replicas: int = R) -> Bound:
    declaration = layer.declare(shape)
    theta = normal(replicas, declaration.weight_count, seed=2, dtype=dtype)
    buffers = random(3).uniform(0.5, 1.5, (replicas, declaration.buffer_count)).astype(dtype)
    return Bound(layer, declaration, theta, buffers, range(replicas))
