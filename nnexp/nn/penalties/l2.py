"""L2 penalty."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.penalties.base import Penalty
from nnexp.nn.replicas import dot_rows, lift
from nnexp.registry import penalties
from nnexp.typing import Array, NonNegative


@penalties.register("l2")
@dataclass(frozen=True, slots=True)
class L2(Penalty):
    """Half the sum of squared weights.

        R = (λ/2) Σ W²,  dR/dW = λ W

    λ is `strength`. The lecture notes' conventions: λ/(2m) Σ W² is strength λ/m; (α/2) Σ W² is strength α;
    λ Σ W² (gradient 2λW) is strength 2λ. With plain gradient descent it is weight decay by lr · λ.
    """

    strength: NonNegative

    def __call__(self, weights: Array) -> tuple[Array, Array]:
        value = 0.5 * lift(self.strength, weights[:, 0]) * dot_rows(weights, weights)
        return value, lift(self.strength, weights) * weights
