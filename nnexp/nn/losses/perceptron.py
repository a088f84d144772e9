"""The perceptron's loss.   N examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.losses.margins import mark_classes, score_of
from nnexp.registry import losses
from nnexp.typing import Array


@losses.register("perceptron")
@dataclass(frozen=True, slots=True)
class Perceptron(Loss):
    """Nothing for an example on the right side, its distance to the other side for a mistake.

        one output: L = 1/N Σ_n max(0, -y z),  dz = -y / N on a mistake, y = 1 where d > ½, otherwise -1
        several classes: L = 1/N Σ_n max(0, z_j - z_y), j the best wrong class,  dz_j = -dz_y = 1/N on a mistake

    core: z (N, K), d (N, K) -> (). One output is one yes-or-no target, and stands against a score of 0 for no: with
    `sgd` and `batch_size: 1` this is the perceptron rule w ← w + lr · y x. Two classes have two outputs, whose
    difference is that one output. An example on the boundary is a mistake, so that learning can start from zeros; at a
    tie the first of the best wrong classes counts. y is the class with the largest share in d. The outputs are scores.
    Source: Rosenblatt 1958, The Perceptron; several classes: Collins 2002; lecture notes.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary")
    outputs: ClassVar[Outputs] = "scores"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        if z.shape[-1] == 1:
            return _binary_loss(z, d)
        return _multiclass_loss(z, d)

    def predict(self, z: Array) -> Array:
        return z


def _binary_loss(z: Array, d: Array) -> tuple[Array, Array]:
    """core: z (N, 1), d (N, 1) -> (), (N, 1)"""
    count = z.shape[-2]
    away = np.where(d > 0.5, -1, 1).astype(z.dtype)  # -y
    gap = away * z
    loss = np.add.reduce(np.maximum(gap, 0), axis=(-2, -1)) / count
    return loss, np.where(gap >= 0, away, 0) / count


def _multiclass_loss(z: Array, d: Array) -> tuple[Array, Array]:
    """core: z (N, K), d (N, K) -> (), (N, K)"""
    count, right = z.shape[-2], mark_classes(d)
    # The right class cannot be its own rival, however large its score.
    rival = mark_classes(np.where(right, -np.inf, z))
    gap = score_of(z, rival) - score_of(z, right)
    loss = np.add.reduce(np.maximum(gap, 0), axis=(-2, -1)) / count
    return loss, np.where(gap >= 0, rival.astype(z.dtype) - right, 0) / count
