"""Parametric rectified linear unit.   N examples, D features; of images, C channels"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.leaky_relu import LeakyReLU
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import activations
from nnexp.typing import Array, Shape


@activations.register("prelu")
@dataclass(frozen=True, slots=True)
class PReLU(Activation):
    """A leaky ReLU that learns how much it leaks.

        y = z if z > 0 else a z,  dz = dy or a dy,  da = Σ dy min(0, z)

    core: z (N, D), a (1, D) -> (N, D); or z (N, H, W, C), a (1, 1, 1, C). One slope a per feature or channel, which
    begins at `slope` and is not regularised, as the paper advises. The derivative at z = 0 is the slope.
    Source: He et al. 2015, Delving Deep into Rectifiers, its channel-wise variant.
    """

    slope: float = 0.25

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x, {"slope": Weight((1,) * len(x) + x[-1:], fill=self.slope)})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        gradient = np.where(x > 0, x.dtype.type(1), w["slope"])

        def backward(dy: Array, dw: Views) -> Array | None:
            axes = tuple(range(1 - x.ndim, -1))
            # All axes between the replicas' and the features': examples, and of images the pixels.
            np.add.reduce(np.where(x > 0, 0, dy * x), axis=axes, keepdims=True, out=dw["slope"])
            return dy * gradient if ctx.propagate else None

        return x * gradient, backward

    def apply(self, z: Array) -> tuple[Array, Callable[[Array], Array]]:
        """With the slope that training begins from."""
        return LeakyReLU(self.slope).apply(z)

    def add_to_graph(self, at: LayerScope, z: GraphValue) -> str:
        return at.select_by_sign(z.name, at.add_node("Mul", at.add_weight("slope"), z.name))
