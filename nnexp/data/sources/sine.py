"""A sine to be fitted.   M examples"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("sine")
@dataclass(frozen=True, slots=True)
class Sine(Source):
    """One period of a sine with noise on its values: regression from one number to one number.

        y = sin x + noise ε,  x ~ U[-π, π),  ε ~ N(0, 1)

    x (M, 1) in radians, y (M, 1). No model can have an expected squared error below noise².
    """

    examples: Count = 300
    noise: NoiseStd = 0.1
    seed: Seed = 0

    def describe(self) -> Description:
        return Description(self.examples, (1,), "values", ("y",))

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.uniform(-np.pi, np.pi, (self.examples, 1))
        y = np.sin(x) + self.noise * random.standard_normal(x.shape)
        return Dataset(x, y, self.describe())
