"""Interleaved spirals.   M examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels, polar_points
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("spirals")
@dataclass(frozen=True, slots=True)
class Spirals(Source):
    """One arm of a spiral per class, all of them starting at the origin.

        x = t (cos a, sin a) + noise ε,  a = 2π (turns t + k / K),  t ~ U[0, 1),  ε ~ N(0, I)

    x (M, 2), y (M,). Neighbouring arms are 1 / (turns K) apart along a radius. They meet at the origin, so even
    without noise the innermost examples are hard to tell apart.
    Source: after Lang & Witbrock 1988, Learning to Tell Two Spirals Apart; Archimedean arms for any number of classes.
    """

    examples: Count = 500
    classes: Annotated[int, Ge(2)] = 3
    noise: NoiseStd = 0.03
    turns: Annotated[float, Gt(0)] = 1.0
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, features=2, classes=self.classes)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        labels = make_balanced_labels(self.examples, self.classes)
        t = random.uniform(0, 1, self.examples)
        clean = polar_points(t, 2 * np.pi * (self.turns * t + labels / self.classes))
        x = clean + self.noise * random.standard_normal(clean.shape)
        return Dataset(x, labels, self.describe())
