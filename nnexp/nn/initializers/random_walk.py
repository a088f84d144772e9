"""Random walk initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.parameters import Weight
from nnexp.nn.random import draw_normal
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, Positive


@initializers.register("random_walk")
@dataclass(frozen=True, slots=True)
class RandomWalk(Initializer):
    """Keeps the logarithm of the gradient's norm, a random walk through the layers, from drifting.

        W ~ N(0, g²/n_in),  g = √2 · exp(1.2 / (max(n_in, 6) - 2.4)) for ReLU networks

    That g is what `gain: null` stands for. For a linear network the paper has g = exp(1/(2 n_in)), for tanh it finds g
    by trial, somewhat above 1: write the number. Source: Sussillo & Abbott 2014, Random Walk Initialization for
    Training Very Deep Feedforward Networks (its equations for g; layers of one size there, n_in here).
    """

    gain: Positive | None = None

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        z = draw_normal(generators, weight.shape)
        # max(n, 6) is the paper's own: its fit has a pole at 2.4.
        relu_gain = sqrt(2) * exp(1.2 / (max(weight.fan_in, 6) - 2.4))
        gain = relu_gain if self.gain is None else self.gain
        return lift(gain, z) / sqrt(weight.fan_in) * z
