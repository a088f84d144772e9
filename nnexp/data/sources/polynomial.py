"""A polynomial to be fitted.   M examples"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.polynomial.polynomial import polyval

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_regression
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("polynomial")
@dataclass(frozen=True, slots=True)
class Polynomial(Source):
    """A polynomial with noise on its values.

        y = Σ_i c_i xⁱ + noise ε,  x ~ U[-1, 1),  ε ~ N(0, 1)

    x (M, 1), y (M, 1). `coefficients` are c_0, c_1, …: the constant first; without any, y is the noise. The default is
    the Chebyshev polynomial 4x³ - 3x, which goes from -1 to 1 over two turns. No model can have an expected squared
    error below noise².
    """

    coefficients: tuple[float, ...] = (0.0, -3.0, 0.0, 4.0)
    examples: Count = 200
    noise: NoiseStd = 0.1
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_regression(self.examples, features=1)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.uniform(-1, 1, (self.examples, 1))
        # polyval takes no empty list
        y = polyval(x, self.coefficients or (0.0,)) + self.noise * random.standard_normal(x.shape)
        return Dataset(x, y, self.describe())
