"""A random network to be learned by another.   M examples, D features, O outputs"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import NoiseStd, Seed, describe_regression, matrix_product
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import Array, Count

TEACHER_GAIN = 2.0
"""Makes a layer's sums large enough to bend the tanh, and small enough not to saturate it."""


@sources.register("teacher")
@dataclass(frozen=True, slots=True)
class Teacher(Source):
    """The outputs of a random network, the teacher, which a student of the same shape could give without error.

        y = a_L W + noise ε,  a_l = tanh(2 a_{l-1} W_l + b_l),  a_0 = x
        x ~ N(0, I),  W ~ N(0, 1 / n_in),  b ~ N(0, 1),  ε ~ N(0, I)

    x (M, D), y (M, O). `hidden` are the teacher's widths; without any it is linear. No model can have an expected
    squared error below noise² for each output.
    Source: the teacher and student of Gardner & Derrida 1989, Three unfinished works on the optimal storage capacity of
    networks; with hidden layers of tanh units.
    """

    hidden: tuple[Count, ...] = (16,)
    features: Count = 10
    outputs: Count = 1
    noise: NoiseStd = 0.0
    examples: Count = 1000
    seed: Seed = 0

    def describe(self) -> Description:
        return describe_regression(self.examples, self.features, self.outputs)

    def load(self) -> Dataset:
        random = make_generator(self.seed, "data")
        x = random.standard_normal((self.examples, self.features))
        noise = self.noise * random.standard_normal((self.examples, self.outputs))
        # from a generator of its own, so that more examples do not mean another teacher
        clean = run_teacher(make_generator(self.seed, "truth"), x, (self.features, *self.hidden, self.outputs))
        return Dataset(x, clean + noise, self.describe())


def run_teacher(random: np.random.Generator, x: Array, widths: Sequence[int]) -> Array:
    """What a network with these widths, drawn at random, says of x (M, D): (M, O)"""
    # all weights come first: another order of the draws would make another teacher of every seed
    *hidden, last = [random.standard_normal(pair) / np.sqrt(pair[0]) for pair in pairwise(widths)]
    for W in hidden:
        x = np.tanh(TEACHER_GAIN * matrix_product(x, W) + random.standard_normal(W.shape[1]))
    return matrix_product(x, last)
