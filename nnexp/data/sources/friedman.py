"""Friedman's first regression problem.   M examples, D features"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_regression
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("friedman")
@dataclass(frozen=True, slots=True)
class Friedman(Source):
    """Friedman #1: a smooth function of five features, hidden among others that mean nothing.

        y = 10 sin(π x₁ x₂) + 20 (x₃ - ½)² + 10 x₄ + 5 x₅ + noise ε,  x ~ U[0, 1)^D,  ε ~ N(0, 1)

    x (M, D), D ≥ 5, y (M, 1). The variance of y is 23.8 without the noise. A linear model finds x₄ and x₅ and part of
    x₁ and x₂, but nothing of x₃. No model can have an expected squared error below noise².
    Source: Friedman 1991, Multivariate Adaptive Regression Splines, section 4.3, whose D is 10 and noise 1.
    """

    examples: Count = 500
    features: Annotated[int, Ge(5)] = 10
    noise: NoiseStd = 1.0
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_regression(self.examples, self.features)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.uniform(0, 1, (self.examples, self.features))
        x1, x2, x3, x4, x5 = x[:, :5].T  # the features that matter; the others are noise
        clean = 10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5
        y = clean + self.noise * random.standard_normal(self.examples)
        return Dataset(x, y[:, None], self.describe())
