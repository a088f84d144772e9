"""Two moons.   M examples"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels, polar_points
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("moons")
@dataclass(frozen=True, slots=True)
class Moons(Source):
    """Two interleaved half circles of radius 1, one class each.

        class 0: x = (cos t, sin t) + noise ε,  class 1: x = (1 - cos t, 1/2 - sin t) + noise ε
        t ~ U[0, π),  ε ~ N(0, I)

    x (M, 2), y (M,). The moons are 1/2 apart where they are closest, so noise of 0.2 begins to mix them.
    Source: scikit-learn's make_moons, with t drawn at random instead of evenly spaced.
    """

    examples: Count = 500
    noise: NoiseStd = 0.1
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, features=2, classes=2)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        labels = make_balanced_labels(self.examples, 2)
        upper = polar_points(np.ones(self.examples), random.uniform(0, np.pi, self.examples))
        # the lower moon is the upper one turned by half a circle around (1/2, 1/4)
        clean = np.where(labels[:, None] == 0, upper, (1, 0.5) - upper)
        x = clean + self.noise * random.standard_normal(clean.shape)
        return Dataset(x, labels, self.describe())
