"""The normal equations.   P trained parameters"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.optim.optimizers.solver import ObjectiveFunction, Solver, solve_least_squares
from nnexp.registry import optimizers
from nnexp.typing import Array, Positive


@optimizers.register("normal_equations")
@dataclass(frozen=True, slots=True)
class NormalEquations(Solver):
    """Linear regression in one step.

        θ = (XᵀX)⁻¹ Xᵀ y;  with the penalty l2: λ,  θ = (XᵀX + N λ I)⁻¹ Xᵀ y, biases not penalised

    For outputs that are linear in all weights that are trained, with squared error: a linear network, or one of which
    everything but the last layer is frozen, such as radial basis functions with fixed centres. The objective is a
    parabola then, its gradient A θ - b: A and b are read off at θ = 0 and at the P unit vectors, and A θ = b is solved
    by least squares, with the shortest solution where A is singular. `lr` below 1 goes part of the way.
    Source: lecture notes on regression; NumPy's lstsq (LAPACK gelsd).
    """

    lr: Positive = 1.0

    needs_matrix: ClassVar[bool] = True
    needs_parabola: ClassVar[bool] = True

    def solve(self, objective: ObjectiveFunction, lr: Array) -> None:
        which = np.flatnonzero(objective.trainable)
        for row, theta in enumerate(objective.theta):
            fixed = np.where(objective.trainable, 0, theta).astype(np.float64)
            units = np.zeros((len(which) + 1, len(theta)))
            units[np.arange(len(which)), which] = 1
            slopes = objective.evaluate_at(row, fixed + units)[1][:, which]
            # The gradient A θ - b is -b at θ = 0, the last place, and a column of A less b at each unit vector.
            b = -slopes[-1]
            theta[which] += lr[row] * (solve_least_squares(slopes[:-1] + b, b) - theta[which])
