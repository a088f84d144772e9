"""Numbers without any meaning.   M examples, D features, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import Seed, describe_regression
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("random_normal")
@dataclass(frozen=True, slots=True)
class RandomNormal(Source):
    """Standard normal inputs, and standard normal values that have nothing to do with them.

        x ~ N(0, I),  y ~ N(0, I),  independent

    x (M, D), y (M, O). For looking at activations and gradients under different initial weights; there is nothing to
    learn but the examples by heart, and no model can have an expected squared error below 1 for each output.
    Source: lecture notes on weight initialisation, where ten layers of 500 units see inputs with 500 features.
    """

    features: Count = 500
    outputs: Count = 1
    examples: Count = 1000
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_regression(self.examples, self.features, self.outputs)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.standard_normal((self.examples, self.features))
        y = random.standard_normal((self.examples, self.outputs))
        return Dataset(x, y, self.describe())
