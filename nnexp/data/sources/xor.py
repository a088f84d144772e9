"""Exclusive or.   M examples"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count

CORNER_POINTS = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
"""Once around the square, so that neighbours have different classes."""


@sources.register("xor")
@dataclass(frozen=True, slots=True)
class Xor(Source):
    """Four Gaussian blobs at the corners of a square; opposite corners are one class.

        x = c + noise ε,  c in {-1, 1}²,  y = 1 if c₁ c₂ < 0 else 0,  ε ~ N(0, I)

    x (M, 2), y (M,). The corners are balanced as the classes are. The class is the corner's, so an example that noise
    carries across an axis keeps the class of the corner that it came from. With `noise: 0` every seed gives the same
    examples.
    Source: Minsky & Papert 1969, Perceptrons.
    """

    examples: Count = 500
    noise: NoiseStd = 0.3
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, features=2, classes=2)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        clean = CORNER_POINTS[make_balanced_labels(self.examples, len(CORNER_POINTS))]
        labels = (clean.prod(axis=-1) < 0).astype(np.int64)
        x = clean + self.noise * random.standard_normal(clean.shape)
        return Dataset(x, labels, self.describe())
