"""The contract of an activation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape


class Activation(Layer):
    """A layer without weights that keeps the shape of its input. core: (N, ...) -> (N, ...)"""

    __slots__ = ()

    can_die: ClassVar[bool] = False
    """Whether a unit whose z is never positive is dead: it gives 0, and no gradient comes through."""

    saturates_beyond: ClassVar[float | None] = None
    """|z| from which on the output is at an end of its range and the slope next to nothing, where there is such."""

    usual_range: ClassVar[tuple[float, float] | None] = None
    """Between which bounds its outputs lie, all of them or nearly all for normalised inputs, where that is narrow."""

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        a, derivative = self.apply(x)
        return a, lambda da, dw: derivative(da)

    @abstractmethod
    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        """The output a = f(z), and the function da -> dz, which is da · f'(z) where f is element-wise."""
