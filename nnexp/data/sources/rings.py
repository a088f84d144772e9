"""Concentric rings.   M examples, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels, polar_points
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("rings")
@dataclass(frozen=True, slots=True)
class Rings(Source):
    """Rings around each other, one class each, and each filled evenly.

        x = r (cos t, sin t) + noise ε,  r² ~ U[k², (k + width)²), k = 1, …, K,  t ~ U[0, 2π),  ε ~ N(0, I)

    x (M, 2), y (M,): class k - 1 is the k-th ring from within. Rings have area where `circles` are two lines. With
    `width: 1` they touch, and without noise none overlap. The optimal borders are circles, so that r² alone would tell
    the classes apart.
    """

    examples: Count = 500
    classes: Annotated[int, Ge(2)] = 3
    width: Annotated[float, Gt(0), Le(1)] = 0.7
    noise: NoiseStd = 0.0
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, features=2, classes=self.classes)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        labels = make_balanced_labels(self.examples, self.classes)
        inner = 1 + labels
        # even in the square of the radius is even over the ring's area
        area = random.uniform(inner**2, (inner + self.width) ** 2)
        clean = polar_points(np.sqrt(area), random.uniform(0, 2 * np.pi, self.examples))
        x = clean + self.noise * random.standard_normal(clean.shape)
        return Dataset(x, labels, self.describe())
