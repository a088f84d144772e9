"""The contract of an initialiser.

An initialiser draws the weights; biases all start at its parameter `bias`, which is 0 by default. The lecture notes
suggest a slightly positive bias, such as 0.01, before ReLU.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Views, Weight
from nnexp.nn.random import draw_normal, draw_uniform
from nnexp.nn.replicas import lift
from nnexp.typing import Array, Hyper

Fan: TypeAlias = Literal["in", "out", "average"]
Distribution: TypeAlias = Literal["normal", "uniform"]

MIN_RELATIVE_STD = 1e-9
"""The std of outputs beside the largest of them that is no more than rounding, in double precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Initializer(ABC):
    """Fills the weights at the start of training."""

    bias: Hyper = 0.0

    needs_first_batch: ClassVar[bool] = False
    """Whether `adjust_layer` or `balance_layers` does anything."""

    def initialize_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        """The weight at the start, (R, *weight.shape): drawn, the bias, or the constant that its layer says."""
        if weight.fill == "init":
            return self.draw_weight(generators, weight)
        number = self.bias if weight.fill == "bias" else weight.fill
        value = lift(number, np.empty((1, *weight.shape)))
        return np.broadcast_to(value, (len(generators), *weight.shape))

    @abstractmethod
    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        """Values (R, *weight.shape) in double precision, each replica's from its own generator."""

    def transferred_weights(self) -> Mapping[str, Array]:
        """Weights and buffers, by full name, that are another run's instead; without a replica axis."""
        return {}

    def describe_origin(self) -> dict[str, Any] | None:
        """What the weights depend on besides the spec, for the record."""
        return None

    def adjust_layer(self, layer: Layer, w: Views, x: Array) -> None:
        """Change the drawn weights of a layer, seeing its inputs x (R or 1, N, ...) from a first batch."""
        return

    def balance_layers(self, network: Chain, w: Views, x: Array, seeds: Sequence[int]) -> None:
        """Change the weights of all layers against each other, after each has settled."""
        return


def drawn_weights(layer: Layer, w: Views, x: Array) -> list[Array]:
    """The weights of a layer, not of its parts, that an initialiser draws; x are its inputs (R or 1, N, ...)."""
    declared = layer.declare(x.shape[2:]).weights
    return [w[name] for name, weight in declared.items() if weight.fill == "init"]


def draw_scaled(
    generators: Sequence[np.random.Generator], weight: Weight, variance: float, distribution: Distribution
) -> Array:
    """Numbers with zero mean and the given variance: normal, or uniform in ±√(3 · variance)."""
    if distribution == "normal":
        return np.sqrt(variance) * draw_normal(generators, weight.shape)
    return np.sqrt(3 * variance) * (2 * draw_uniform(generators, weight.shape) - 1)


def count_fan(weight: Weight, fan: Fan) -> float:
    """The number of connections that a variance is divided by."""
    match fan:
        case "in":
            return weight.fan_in
        case "out":
            return weight.fan_out
        case "average":
            return (weight.fan_in + weight.fan_out) / 2
