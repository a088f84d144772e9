"""Orthogonal weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.nn.random import draw_normal
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, Positive


@initializers.register("orthogonal")
@dataclass(frozen=True, slots=True)
class Orthogonal(Initializer):
    """A random matrix with orthonormal columns, or rows where it is wider than high, times `gain`.

        G = Q R,  W = gain · Q sign(diag R),  G normal

    The signs make W uniform over all such matrices, which Q alone is not. A weight of more than two axes, such as a
    convolution's kernels (H, W, C, filters), is flattened to one column for each of its last axis.
    Source: Saxe, McClelland & Ganguli 2013, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks; the signs: Mezzadri 2007, How to generate random matrices from the classical compact groups.
    """

    gain: Positive = 1.0

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        rows, columns = prod(weight.shape[:-1]), weight.shape[-1]
        g = draw_normal(generators, (rows, columns))
        # Only as many columns can be orthogonal as there are rows: a wide matrix is the transpose of a tall one.
        is_tall = rows >= columns
        q, r = np.linalg.qr(g if is_tall else g.mT)
        # LAPACK fixes no signs: with those of R, Q is uniform among the orthogonal matrices.
        q *= np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1, 1)[..., None, :]
        w = (q if is_tall else q.mT).reshape(-1, *weight.shape)
        return lift(self.gain, w) * w
