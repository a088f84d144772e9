"""Two circles.   M examples"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Lt

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels, polar_points
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("circles")
@dataclass(frozen=True, slots=True)
class Circles(Source):
    """A circle inside another, one class each: no straight line separates them.

        x = r_k (cos t, sin t) + noise ε,  r_0 = 1,  r_1 = factor,  t ~ U[0, 2π),  ε ~ N(0, I)

    x (M, 2), y (M,). The outer circle is class 0, the inner one class 1; `factor` is the inner radius.
    Source: scikit-learn's make_circles, with t drawn at random instead of evenly spaced.
    """

    examples: Count = 500
    noise: NoiseStd = 0.1
    factor: Annotated[float, Gt(0), Lt(1)] = 0.5
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, features=2, classes=2)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        labels = make_balanced_labels(self.examples, 2)
        radius = np.where(labels == 0, 1, self.factor)
        clean = polar_points(radius, random.uniform(0, 2 * np.pi, self.examples))
        x = clean + self.noise * random.standard_normal(clean.shape)
        return Dataset(x, labels, self.describe())
