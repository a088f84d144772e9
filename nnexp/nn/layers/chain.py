"""Layers one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape


@dataclass(frozen=True, slots=True)
class Chain(Layer):
    """Layers applied one after another; each has a name that is unique in the chain.

        y = f_L( ... f_2(f_1(x)))

    A layer that holds layers has parameters of this type; in a spec they are written as lists.
    """

    names: tuple[str, ...]
    layers: tuple[Layer, ...]

    def declare(self, x: Shape) -> Declaration:
        parts = {}
        for name, layer in zip(self.names, self.layers, strict=True):
            parts[name] = layer.declare(x)
            x = parts[name].output
        return Declaration(x, parts=parts)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        steps: list[tuple[str, Backward]] = []
        propagating = Context(ctx.training, ctx.generators, ctx.new_epoch, observe=ctx.observe)
        # dx is work for nothing until a layer before has weights: in the first layer of a network it is never wanted.
        wants_dx = ctx.propagate
        for name, layer in zip(self.names, self.layers, strict=True):
            x, backward = run_layer(layer, w.parts[name], x, propagating if wants_dx else ctx)
            wants_dx = wants_dx or _has_weights(w.parts[name])
            steps.append((name, backward))

        def backward_chain(dy: Array, dw: Views) -> Array | None:
            dx: Array | None = dy
            for name, backward in reversed(steps):
                if dx is None:
                    break  # nothing before this layer has weights
                dx = backward(dx, dw.parts[name])
            return dx

        return x, backward_chain

    def list_inner_layers(self) -> Mapping[str, Layer]:
        return dict(zip(self.names, self.layers, strict=True))

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        for name, layer in zip(self.names, self.layers, strict=True):
            x = GraphValue(layer.add_to_graph(at.enter_layer(name), x), layer.declare(x.shape).output)
        return x.name


def run_layer(layer: Layer, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """The layer's forward pass, once the context's observer has seen its inputs."""
    if ctx.observe is not None:
        ctx.observe(layer, w, x)
    return layer.forward(w, x, ctx)


def _has_weights(w: Views) -> bool:
    return bool(w) or any(map(_has_weights, w.parts.values()))


def make_chain(layers: Sequence[Layer], kinds: Sequence[str]) -> Chain:
    """A chain whose layers are named after their kinds and counted within each kind: dense_1, dense_2, batch_norm_1.

    Counting within a kind means that a layer of another kind changes no name, and so no layer's initial weights.
    """
    return Chain(tuple(_number_kinds(kinds)), tuple(layers))


def _number_kinds(kinds: Sequence[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for kind in kinds:
        seen[kind] += 1
        # A network has one output as a rule, which needs no number.
        is_first_output = kind == "output" and seen[kind] == 1
        yield kind if is_first_output else f"{kind}_{seen[kind]}"
