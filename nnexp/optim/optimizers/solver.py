"""The contract of an optimizer that asks for more than one gradient.

R replicas, P parameters, K places
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.typing import Array, BoolArray


class ObjectiveFunction(Protocol):
    """The objective of a batch as a function of theta, replica by replica, in double precision."""

    theta: Array
    """Where the replicas are, (R, P)."""

    trainable: BoolArray
    """Which of the P parameters may change."""

    def evaluate_at(self, row: int, places: Array) -> tuple[Array, Array]:
        """A replica's objective (K,) and gradient (K, P) at the places (K, P); dropout's masks are the same at all."""


def solve_least_squares(a: Array, b: Array) -> Array:
    """The shortest x (P,) of those with the least ‖a x - b‖; NaN where a or b is not finite.

    Directions in which a is smaller than rounding are left alone: below P · 2⁻⁵² of its largest singular value.
    """
    # LAPACK would raise an error, and end all replicas with the one that diverged.
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.full(b.shape, np.nan)
    return np.linalg.lstsq(a, b, rcond=len(b) * np.finfo(np.float64).eps)[0]


@dataclass(frozen=True, slots=True)
class Solver(Optimizer):
    """A rule that looks at the objective of a batch in several places before it moves."""

    full_batch: ClassVar[bool] = True
    """Whether the batch has to be all training examples."""

    needs_matrix: ClassVar[bool] = False
    """Whether it holds a matrix of one row and one column for every weight that is trained."""

    needs_parabola: ClassVar[bool] = False
    """Whether the objective has to be a parabola in the weights that are trained."""

    @abstractmethod
    def solve(self, objective: ObjectiveFunction, lr: Array) -> None:
        """Move `objective.theta`, in place, with the learning rates lr (R, 1)."""

    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        raise AssertionError("a solver is handed the objective")
