"""Classes by a random network.   M examples, D features, K classes"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_classification
from nnexp.data.sources.teacher import run_teacher
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Count


@sources.register("teacher_classes")
@dataclass(frozen=True, slots=True)
class TeacherClasses(Source):
    """Classes between the contour lines of a random network, the teacher.

        y = ⌊K rank / M⌋,  rank from 0 to M - 1 by f(x) + noise ε,  x ~ N(0, I),  ε ~ N(0, 1)

    x (M, D), y (M,); f is the network of `teacher` with one output, whose widths are `hidden`. Ranks make the classes
    balanced. Where the border lies thus depends a little on how many examples there are. Noise moves examples close to
    a border to the other side.
    Source: the teacher and student of Gardner & Derrida 1989, Three unfinished works on the optimal storage capacity of
    networks; with hidden layers of tanh units, and any number of classes.
    """

    hidden: tuple[Count, ...] = (16,)
    features: Count = 10
    classes: Annotated[int, Ge(2)] = 3
    noise: NoiseStd = 0.0
    examples: Count = 1000
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_classification(self.examples, self.features, self.classes)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.standard_normal((self.examples, self.features))
        value = run_teacher(make_generator(self.seed, "truth"), x, (self.features, *self.hidden, 1))[:, 0]
        value += self.noise * random.standard_normal(self.examples)
        # the k-th of M values in order gets class ⌊K k / M⌋: as many examples in each class as can be
        labels = np.empty(self.examples, np.int64)
        labels[np.argsort(value, kind="stable")] = np.arange(self.examples) * self.classes // self.examples
        return Dataset(x, labels, self.describe())
