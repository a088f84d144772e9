"""Hard tanh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.registry import activations
from nnexp.typing import Array


@activations.register("hard_tanh")
@dataclass(frozen=True, slots=True)
class HardTanh(Activation):
    """The identity between -1 and 1, constant outside.

        f(z) = min(1, max(-1, z)),  f'(z) = 1 if -1 < z < 1 else 0

    The derivative at both kinks is 0. Source: Collobert 2004, Large Scale Machine Learning.
    """

    saturates_beyond: ClassVar[float | None] = 1.0  # where the slope is 0

    usual_range: ClassVar[tuple[float, float] | None] = (-1, 1)

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        a = np.clip(z, -1, 1)
        # On the kinks themselves the slope is 0, as it is beyond them.
        return a, lambda da: da * (np.abs(z) < 1)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.add_node("Clip", z.name, at.add_number(-1), at.add_number(1))
