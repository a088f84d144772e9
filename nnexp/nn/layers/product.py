"""The product of branches.   N examples"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from math import prod

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError, format_shape
from nnexp.nn.layers.branches import add_parts, backward_branches, declare_branches, forward_branches, name_branches
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("product")
@dataclass(frozen=True, slots=True)
class Product(Layer):
    """The element-wise product of branches on the same input: a sum-product network where the branches are dense.

        y = f_1(x) ⊙ f_2(x) ⊙ ...,  dy_b = dy ⊙ Π_{c≠b} f_c(x)

    core: x (N, ...), every f_b(x) of one shape -> y of that shape. The products of the others are formed without
    dividing, so a branch may be zero. Source: lecture notes on two-layer networks.
    """

    branches: tuple[Chain, ...]

    def declare(self, x: Shape) -> Declaration:
        parts, shapes = declare_branches(self.branches, x, "product")
        if len(set(shapes)) != 1:
            found = " and ".join(map(format_shape, shapes))
            raise ShapeError(f"the branches give {found}, which cannot be multiplied: make them equal")
        return Declaration(shapes[0], parts=parts)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        factors, backwards = forward_branches(self.branches, w, x, ctx)

        def backward(dy: Array, dw: Views) -> Array | None:
            others = [prod(factors[:b] + factors[b + 1 :], start=dy) for b in range(len(factors))]
            return backward_branches(backwards, others, dw)

        return reduce(np.multiply, factors), backward

    def list_inner_layers(self) -> Mapping[str, Layer]:
        return name_branches(self.branches)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return reduce(partial(at.add_node, "Mul"), add_parts(name_branches(self.branches), at, x))
