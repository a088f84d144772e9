"""Branches side by side.   N examples, O outputs of one branch"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError, format_shape
from nnexp.nn.layers.branches import add_parts, concatenate_outputs, declare_branches, name_branches
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("parallel")
@dataclass(frozen=True, slots=True)
class Parallel(Layer):
    """Branches of any kind on the same input, their outputs side by side.

        y = [f_1(x), f_2(x), ...],  dx = Σ_b f_b'(x)ᵀ dy_b

    core: x (N, ...), f_b(x) (N, ..., O_b) -> y (N, ..., Σ O_b): concatenated along the features (or channels), all
    other sizes equal. An empty branch hands the input on. Source: lecture notes on two-layer networks.
    """

    branches: tuple[Chain, ...]

    def declare(self, x: Shape) -> Declaration:
        parts, shapes = declare_branches(self.branches, x, "parallel")
        if len({shape[:-1] for shape in shapes}) != 1:
            found = " and ".join(map(format_shape, shapes))
            raise ShapeError(f"the branches give {found}, which do not fit side by side")
        width = sum(shape[-1] for shape in shapes)
        return Declaration((*shapes[0][:-1], width), parts=parts)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return concatenate_outputs(name_branches(self.branches), w, x, ctx)

    def list_inner_layers(self) -> Mapping[str, Layer]:
        return name_branches(self.branches)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Concat", *add_parts(name_branches(self.branches), at, x), axis=-1)
