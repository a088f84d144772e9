"""Several outputs on one trunk.   N examples, O_t outputs of task t"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError, format_shape
from nnexp.nn.layers.branches import add_parts, concatenate_outputs, declare_parts
from nnexp.nn.layers.chain import Chain
from nnexp.nn.named import Named
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Shape


@layers.register("heads")
@dataclass(frozen=True, slots=True)
class Heads(Layer):
    """Layers of its own for each task, on what the layers before have in common.

        z = [f_1(x), f_2(x), ...],  dx = Σ_t f_t'(x)ᵀ dz_t

    core: x (N, ...), f_t(x) (N, O_t) -> z (N, Σ O_t). `heads: {digit: [dense: 16, activation, output], parity:
    [output]}` names the tasks of `data: {targets: {tasks: ...}}`; the outputs stand in the order of the names. `output`
    has the width of its task. It is the last layer. Source: Caruana 1997, Multitask Learning; lecture notes.
    """

    heads: Named[Chain]
    widths: tuple[int, ...] = field(default=(), metadata={"hidden": True})
    """The outputs of each task; filled in when the network is built."""

    def declare(self, x: Shape) -> Declaration:
        parts = declare_parts(dict(self.heads.items()), x)
        # Until the network is built nobody knows the tasks' widths, and heads of any width will do.
        widths = self.widths or [None] * len(parts)
        total = 0
        for (name, part), width in zip(parts.items(), widths, strict=True):
            if len(part.output) != 1:
                raise ShapeError(f"the head {name} gives {format_shape(part.output)}: write `flatten` in it")
            if width is not None and part.output != (width,):
                raise ShapeError(f"the head {name} gives {part.output[0]} numbers for {width}: end it with `output`")
            total += part.output[0]
        return Declaration((total,), parts=parts)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return concatenate_outputs(dict(self.heads.items()), w, x, ctx)

    def list_inner_layers(self) -> Mapping[str, Layer]:
        return dict(self.heads.items())

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Concat", *add_parts(dict(self.heads.items()), at, x), axis=-1)
