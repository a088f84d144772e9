"""A residual block.   N examples, I inputs, O outputs"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError, check_flat_width, format_shape
from nnexp.nn.layers.branches import add_branches
from nnexp.nn.layers.chain import Chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("residual_block")
@dataclass(frozen=True, slots=True)
class ResidualBlock(Layer):
    """Adds what its layers make of the input to the input itself.

        y = x + f(x);  with `projected: true`  y = x G + f(x)
        dx = dy + f'(x)ᵀ dy

    core: x (N, ...), f(x) of the same shape -> y. Where f changes the width of a flat input, `projected: true` takes
    the input through a dense layer without bias, G (I, O). Source: He, Zhang, Ren & Sun 2015, Deep Residual Learning.
    """

    layers: Chain
    projected: bool = False

    def declare(self, x: Shape) -> Declaration:
        inner = self.layers.declare(x)
        straight = self._make_shortcut(inner.output).declare(x)
        if straight.output != inner.output:
            fix = "its layers must keep the shape"
            if len(x) == len(inner.output) == 1:
                fix = "write `projected: true`"
            change = f"the block turns {format_shape(x)} into {format_shape(inner.output)}"
            raise ShapeError(f"{change}, which cannot be added: {fix}")
        return Declaration(inner.output, parts={"branch_1": straight, "branch_2": inner})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        projection = w.parts["branch_1"].parts.get("projection")
        straight = self._make_shortcut(projection["W"].shape[-1:] if projection else x.shape[2:])
        return add_branches((straight, self.layers), w, x, ctx)

    def _make_shortcut(self, output: Shape) -> Chain:
        """The path beside the layers: nothing, or a projection to the block's width."""
        if not self.projected:
            return Chain((), ())
        projection = Dense(check_flat_width(output, "a projected residual_block"), bias=False)
        return Chain(("projection",), (projection,))

    def list_inner_layers(self) -> Mapping[str, Layer]:
        return {"branch_2": self.layers}

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        straight = at.enter_layer("branch_1")
        inner = self.layers.add_to_graph(at.enter_layer("branch_2"), x)
        beside = x.name
        if self.projected:
            projection = straight.enter_layer("projection")
            beside = projection.add_node("Gemm", x.name, projection.add_weight("W"))
        return at.add_node("Add", beside, inner)
