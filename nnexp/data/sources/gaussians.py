"""Gaussians with different covariances.   M examples, D features, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import Seed, describe_classification, make_balanced_labels, matrix_product
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Array, Count


@sources.register("gaussians")
@dataclass(frozen=True, slots=True)
class Gaussians(Source):
    """One Gaussian per class, each with a covariance of its own.

        x = μ_k + L_k ε,  Σ_k = L_k L_kᵀ,  μ_k ~ N(0, separation² I),  ε ~ N(0, I)
        L_k lower triangular, with 2^U[-1, 1) on the diagonal and N(0, 1/D) below it

    x (M, D), y (M,). The optimal border between two classes is the quadric where (x - μ_k)ᵀ Σ_k⁻¹ (x - μ_k) + log |Σ_k|
    is the same for both; in the plane an ellipse, a parabola or a hyperbola. Equal covariances would make it straight.
    Means and covariances are drawn anew for each seed, so two means may lie close together.
    Source: Duda & Hart 1973, Pattern Classification and Scene Analysis; the Gaussians' parameters drawn at random.
    """

    examples: Count = 500
    classes: Annotated[int, Ge(2)] = 3
    features: Count = 2
    separation: Annotated[float, Ge(0)] = 3.0
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, self.features, self.classes)

    def load(self) -> Dataset:
        labels = make_balanced_labels(self.examples, self.classes)
        # from a generator of its own, so that more examples are still of the same classes
        means, factors = self.draw_truth()
        x = make_generator(self.seed, "data").standard_normal((self.examples, self.features))
        for label, (mean, factor) in enumerate(zip(means, factors, strict=True)):
            x[labels == label] = mean + matrix_product(x[labels == label], factor.T)
        return Dataset(x, labels, self.describe())

    def draw_truth(self) -> tuple[Array, Array]:
        """The means μ (K, D), and the factors L (K, D, D) of the covariances."""
        random = make_generator(self.seed, "truth")
        shape = (self.classes, self.features, self.features)
        means = self.separation * random.standard_normal(shape[:2])
        below = np.tril(random.standard_normal(shape), -1) / np.sqrt(self.features)
        return means, below + 2 ** random.uniform(-1, 1, shape[:2])[..., None] * np.eye(self.features)
