"""A straight line to be fitted.   M examples"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_regression
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("line")
@dataclass(frozen=True, slots=True)
class Line(Source):
    """A straight line with noise on its values: what linear regression is made for.

        y = slope x + intercept + noise ε,  x ~ U[-1, 1),  ε ~ N(0, 1)

    x (M, 1), y (M, 1). No model can have an expected squared error below noise².
    """

    examples: Count = 100
    slope: float = 2.0
    intercept: float = 1.0
    noise: NoiseStd = 0.1
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_regression(self.examples, features=1)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.uniform(-1, 1, (self.examples, 1))
        y = self.slope * x + self.intercept + self.noise * random.standard_normal(x.shape)
        return Dataset(x, y, self.describe())
