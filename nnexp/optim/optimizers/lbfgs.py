"""Limited-memory BFGS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from nnexp.optim.optimizers.solver import ObjectiveFunction, Solver
from nnexp.registry import optimizers
from nnexp.typing import Array, Count, IntArray, Positive


@optimizers.register("lbfgs")
@dataclass(frozen=True, slots=True)
class LBFGS(Solver):
    """Quasi-Newton steps whose curvature is learned from the last few of them.

        p = -B g,  B ≈ H⁻¹ from the last `memory` pairs (Δθ, Δg);  θ ← θ + α p, α by a line search

    Every epoch is one update on the full batch, and one update is up to `iterations` such steps of SciPy's L-BFGS-B in
    double precision, which begins its memory anew at each: so training can stop and go on between updates. `lr`
    below 1 goes part of the way to where they lead. Source: Liu & Nocedal 1989, On the limited memory BFGS method for
    large scale optimization; SciPy's minimize.
    """

    lr: Positive = 1.0
    iterations: Count = 20
    memory: Count = 10

    def solve(self, objective: ObjectiveFunction, lr: Array) -> None:
        from scipy.optimize import minimize

        which = np.flatnonzero(objective.trainable)
        for row, theta in enumerate(objective.theta):
            start = theta[which].astype(np.float64)
            aim = _restrict_objective(objective, row, which)
            options = {"maxiter": self.iterations, "maxcor": self.memory}
            # SciPy's own BLAS is loaded by the import above, perhaps after the run's limit was set.
            with threadpool_limits(_count_threads(), "blas"):
                found = minimize(aim, start, jac=True, method="L-BFGS-B", options=options)
            theta[which] += lr[row] * (found.x - start)


def _count_threads() -> int:
    """The number of threads that the run is limited to, which NumPy's BLAS has."""
    return min(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


def _restrict_objective(
    objective: ObjectiveFunction, row: int, which: IntArray
) -> Callable[[Any], tuple[float, Array]]:
    """A replica's objective and gradient as functions of the weights that are trained."""
    place = objective.theta[row].astype(np.float64)

    def value_and_gradient(moved: Array) -> tuple[float, Array]:
        place[which] = moved
        value, slope = objective.evaluate_at(row, place[None])
        return float(value[0]), slope[0, which]

    return value_and_gradient
