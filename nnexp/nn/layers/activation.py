"""The place of the spec's activation."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("activation")
@dataclass(frozen=True, slots=True)
class ActivationPlaceholder(Layer):
    """The activation that the spec names under `activation`.

        y = f(x),  dx = dy f'(x)

    core: (N, ...) -> (N, ...). Any activation can also stand in the architecture by its own name.
    """

    def declare(self, x: Shape) -> Declaration:
        raise AssertionError("`activation` is replaced by the spec's activation when the network is built")

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        raise AssertionError("`activation` is replaced by the spec's activation when the network is built")
