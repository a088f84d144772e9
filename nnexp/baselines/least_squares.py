"""Least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from nnexp.baselines.base import Baseline, FittedArrays
from nnexp.nn.losses.base import Targets
from nnexp.registry import baselines
from nnexp.typing import Array


@baselines.register("least_squares")
@dataclass(frozen=True, slots=True)
class LeastSquares(Baseline):
    """The linear map with the least squared error; for classes it is fitted to zeros and ones.

        W, b = argmin 1/N Σ_n ½‖x_n W + b - d_n‖² + l2/2 ‖W‖²

    shapes: x (N, I), d (N, O) -> z (N, O). Where several W are best (features that never vary or follow from others),
    it is the shortest. With values it is linear regression, with `l2` ridge regression; b is not penalised.

    As a classifier (d in {0, 1}, the largest output names the class) it is a warning more than a method: an output
    beyond 1 counts as an error like any other, so examples far on their right side tilt the boundary, and of classes in
    a row those in the middle are masked by their neighbours and never named. The outputs are no probabilities.

    Source: lecture notes on linear regression and classification; Hastie, Tibshirani and Friedman 2009, section 4.2.
    Solved by SciPy's singular value decomposition of the centred inputs, singular values below rounding left out.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary", "values")
    gives_probabilities: ClassVar[bool] = False

    l2: Annotated[float, Ge(0)] = 0.0

    def count_numbers(self, examples: int, inputs: int, outputs: int) -> int:
        return (inputs + 1) * outputs

    def fit(self, x: Array, d: Array, classes: Sequence[str]) -> FittedArrays:
        from scipy.linalg import lstsq

        examples, inputs = x.shape
        # Centred, so that the bias is not penalised with the weights.
        middle, level = x.mean(axis=-2), d.mean(axis=-2)
        a, b = x - middle, d - level
        if self.l2:  # as rows of their own, which keeps the condition number that squares would square
            a = np.concatenate([a, np.sqrt(examples * self.l2) * np.eye(inputs)])
            b = np.concatenate([b, np.zeros((inputs, d.shape[-1]))])
        w = lstsq(a, b, cond=max(a.shape) * np.finfo(np.float64).eps)[0]
        return {"W": w, "b": level - middle @ w}

    def make_output_function(self, kept: FittedArrays) -> Callable[[Array], Array]:
        def compute_outputs(x: Array) -> Array:
            z: Array = x @ kept["W"] + kept["b"]
            return z

        return compute_outputs
