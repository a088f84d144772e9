"""Gaussian blobs.   M examples, D features"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification, make_balanced_labels
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("blobs")
@dataclass(frozen=True, slots=True)
class Blobs(Source):
    """One round Gaussian blob per class, around centres drawn at random.

        x = c_k + spread ε,  c_k ~ U[-10, 10)^D,  ε ~ N(0, I)

    x (M, D), y (M,). The centres are drawn anew for each seed, so two of them may lie close together. The optimal
    border between two blobs is the straight line half-way between their centres.
    Source: scikit-learn's make_blobs, with its box of centres.
    """

    examples: Count = 300
    classes: Annotated[int, Ge(2)] = 3
    features: Count = 2
    spread: NoiseStd = 1.0
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, self.features, self.classes)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        labels = make_balanced_labels(self.examples, self.classes)
        # before the examples, so that their number does not change the centres
        centres = random.uniform(-10, 10, (self.classes, self.features))
        x = centres[labels] + self.spread * random.standard_normal((self.examples, self.features))
        return Dataset(x, labels, self.describe())
