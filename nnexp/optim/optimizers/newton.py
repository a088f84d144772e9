"""Newton's method.   P trained parameters"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.optim.optimizers.solver import ObjectiveFunction, Solver, solve_least_squares
from nnexp.registry import optimizers
from nnexp.typing import Array, NonNegative, Positive

DIFFERENCE_STEP = 1e-4
"""h: the error of a central difference of gradients is about 1e-16/h from rounding and h² from the formula."""


@optimizers.register("newton")
@dataclass(frozen=True, slots=True)
class Newton(Solver):
    """Steps to where the gradient would be zero if the objective were a parabola.

        θ ← θ - lr · (H + damping · I)⁻¹ g,  H_ij = (g_j(θ + h e_i) - g_j(θ - h e_i)) / 2h

    H (P, P) is by central differences of the gradient, in double precision, the 2P perturbed networks being replicas
    of one stack, and made symmetric. Where H + damping · I is singular the step is the shortest least-squares
    solution. H need not be positive: without damping a step may lead uphill, to a saddle. A network whose H is too
    large is refused. Source: lecture notes.
    """

    lr: Positive = 1.0
    damping: NonNegative = 0.0

    full_batch: ClassVar[bool] = False
    needs_matrix: ClassVar[bool] = True

    def solve(self, objective: ObjectiveFunction, lr: Array) -> None:
        which = np.flatnonzero(objective.trainable)
        damping = np.broadcast_to(self.damping, len(objective.theta))
        for row, theta in enumerate(objective.theta):
            g = objective.evaluate_at(row, theta[None].astype(np.float64))[1][0, which]
            h = compute_hessian(objective, row, theta.astype(np.float64))
            theta[which] -= lr[row] * solve_least_squares(h + damping[row] * np.eye(len(h)), g)


def compute_hessian(objective: ObjectiveFunction, row: int, theta: Array) -> Array:
    """The second derivatives (P, P) of a replica's objective by its trained parameters, at theta."""
    which = np.flatnonzero(objective.trainable)
    moves = np.zeros((len(which), len(theta)))
    moves[np.arange(len(which)), which] = DIFFERENCE_STEP
    _, ahead = objective.evaluate_at(row, theta + moves)
    _, behind = objective.evaluate_at(row, theta - moves)
    h = (ahead - behind)[:, which] / (2 * DIFFERENCE_STEP)
    return (h + h.T) / 2  # rounding makes the halves differ, which the true H's do not
