"""The contract of an initialiser.

An initialiser draws the weights; biases all start at its parameter `bias`, which is 0 by default. The lecture notes
suggest a slightly positive bias, such as 0.01, before ReLU.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from nnexp.parameters import Weight
from nnexp.replicas import draw_normal, draw_uniform
from nnexp.typing import Array, Hyper

Fan: TypeAlias = Literal["in", "out", "average"]
Distribution: TypeAlias = Literal["normal", "uniform"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Initializer(ABC):
    """Fills the weights at the start of training."""

    bias: Hyper = 0.0

    @abstractmethod
    def draw(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        """Values (R, *weight.shape) in double precision, each replica's from its own generator."""


def scaled(
    generators: Sequence[np.random.Generator], weight: Weight, variance: float, distribution: Distribution
) -> Array:
    """Numbers with zero mean and the given variance: normal, or uniform in ±√(3 · variance)."""
    if distribution == "normal":
        return np.sqrt(variance) * draw_normal(generators, weight.shape)
    return np.sqrt(3 * variance) * (2 * draw_uniform(generators, weight.shape) - 1)


def fan_of(weight: Weight, fan: Fan) -> float:
    """The number of connections that a variance is divided by."""
    match fan:
        case "in":
            return weight.fan_in
        case "out":
            return weight.fan_out
        case "average":
            return (weight.fan_in + weight.fan_out) / 2
