"""The Gaussian classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from nnexp.baselines.base import Baseline, FitError, FittedArrays
from nnexp.nn.losses.base import Targets
from nnexp.registry import baselines
from nnexp.typing import AnyArray, Array

Covariance = Literal["full", "shared", "diagonal"]


@baselines.register("gaussian_classifier")
@dataclass(frozen=True, slots=True)
class GaussianClassifier(Baseline):
    """A Gaussian for each class by maximum likelihood; all classes are equally likely before the inputs are seen.

        log p(x|j) = -I/2 log 2π - ½ log|Σ_j| - ½ (x - μ_j)ᵀ Σ_j⁻¹ (x - μ_j),  class = argmax_j log p(x|j)
        μ_j = 1/N_j Σ_{n: j} x_n,  Σ_j = 1/N_j Σ_{n: j} (x_n - μ_j)(x_n - μ_j)ᵀ + ridge · v̄ · 1

    shapes: x (N, I) -> z (N, K), the log-likelihoods, by Cholesky factors; their softmax are the probabilities.
    `covariance`: `full` gives every class its own Σ_j and curved boundaries; `shared` all the same,
    Σ = 1/N Σ_j N_j Σ_j, and linear ones; `diagonal` leaves out what is beside the diagonal (Gaussian naive Bayes).

    A feature that never varies, or more features than examples, make a covariance singular. So a part of v̄, the
    variance within the classes averaged over the features, is added to every variance. `ridge: 0` is maximum likelihood
    alone, and a singular covariance is an error then. A class without training examples has the likelihood 0.

    Source: lecture notes on maximum likelihood. The number of examples of a class plays no part; where it should, the
    priors would be N_j / N.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes",)
    gives_probabilities: ClassVar[bool] = True

    covariance: Covariance = "full"
    ridge: Annotated[float, Ge(0)] = 1e-3

    def count_numbers(self, examples: int, inputs: int, outputs: int) -> int:
        matrices = 1 if self.covariance == "shared" else outputs
        numbers = inputs if self.covariance == "diagonal" else inputs * (inputs + 1) // 2
        return outputs * inputs + matrices * numbers

    def fit(self, x: Array, d: Array, classes: Sequence[str]) -> FittedArrays:
        labels = d.argmax(axis=-1)
        present = np.unique(labels)
        means, centered, groups = [], [], []
        for j in present:
            examples = x[labels == j]
            means.append(examples.mean(axis=-2))
            centered.append(examples - means[-1])
            groups.append(f"class {classes[j]}")
        variance = np.square(np.concatenate(centered)).mean()
        if not variance:
            raise FitError(
                "within the classes nothing varies, so there is no variance to estimate; train on more examples"
            )
        if self.covariance == "shared":
            # Each class's examples about its own mean, and one covariance of them all.
            groups, centered = ["the classes"], [np.concatenate(centered)]
        estimate = _compute_std if self.covariance == "diagonal" else _compute_factor
        added = self.ridge * variance
        factors = [estimate(part, added, group) for part, group in zip(centered, groups, strict=True)]
        return {
            "present": present,
            "means": np.stack(means),
            "factors": np.stack(factors),
            "classes": np.array(d.shape[-1]),
        }

    def make_output_function(self, kept: FittedArrays) -> Callable[[Array], Array]:
        present, means = kept["present"], kept["means"]
        factors = np.broadcast_to(kept["factors"], (len(present), *kept["factors"].shape[1:]))

        def compute_outputs(x: Array) -> Array:
            # A class without training examples stays at -inf, the logarithm of the likelihood 0.
            z = np.full((len(x), int(kept["classes"])), -np.inf)
            for j, mean, factor in zip(present, means, factors, strict=True):
                z[:, j] = log_density(x - mean, factor)
            return z

        return compute_outputs

    def scores(self, z: Array) -> Array:
        from scipy.special import softmax

        probabilities: Array = softmax(z, axis=-1)
        return probabilities


def log_density(centered: Array, factor: Array) -> Array:
    """The logarithm of a Gaussian's density at x - μ (N, I).

    `factor` is L with Σ = LLᵀ, or the roots of its diagonal where it has nothing else. (N, I), (I, I) or (I) -> (N)
    """
    from scipy.linalg import solve_triangular

    # L⁻¹ (x - μ) by substitution: Σ is never inverted, and log|Σ| is twice the sum of log diag L.
    if factor.ndim == 1:
        roots, white = factor, centered / factor
    else:
        roots, white = np.diagonal(factor), solve_triangular(factor, centered.T, lower=True).T
    square = np.square(white).sum(axis=-1)
    density: Array = -0.5 * (square + len(roots) * np.log(2 * np.pi)) - np.log(roots).sum()
    return density


def _compute_std(centered: Array, added: float, whose: str) -> AnyArray:
    """The standard deviations (I) of examples (N, I) whose mean is 0."""
    variances = np.square(centered).mean(axis=-2) + added
    _refuse_singular(variances, variances.max(), whose)
    return np.sqrt(variances)


def _compute_factor(centered: Array, added: float, whose: str) -> AnyArray:
    """L (I, I) with Σ = LLᵀ for the covariance of examples (N, I) whose mean is 0."""
    covariance = centered.T @ centered / len(centered) + added * np.eye(centered.shape[-1])
    try:
        factor: AnyArray = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:  # not positive definite: pivots of 0, which are refused below with the others
        factor = np.zeros_like(covariance)
    _refuse_singular(np.square(np.diagonal(factor)), np.diagonal(covariance).max(), whose)
    return factor


def _refuse_singular(pivots: Array, largest: float, whose: str) -> None:
    """Raises FitError where a variance that is left after the ones before it is nothing but rounding."""
    if not (pivots > len(pivots) * np.finfo(np.float64).eps * largest).all():
        raise FitError(
            f"the covariance of {whose} is singular: a feature never varies, or follows from the others; a larger "
            "`ridge`, such as 1e-3, is added to its diagonal"
        )
