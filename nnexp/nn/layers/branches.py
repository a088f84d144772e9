"""What the layers that hold branches share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import TypeVar

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, ShapeError
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape

T = TypeVar("T")


def name_branches(branches: Sequence[T]) -> dict[str, T]:
    """What belongs to the branches by the names of their weights: branch_1, branch_2, ..."""
    return {f"branch_{number}": branch for number, branch in enumerate(branches, start=1)}


def declare_branches(branches: Sequence[Chain], x: Shape, layer: str) -> tuple[dict[str, Declaration], list[Shape]]:
    """The declaration of each branch, by its name, and what shape each gives."""
    if len(branches) < 2:
        raise ShapeError(f"{layer} takes at least two branches")
    parts = declare_parts(name_branches(branches), x)
    return parts, [part.output for part in parts.values()]


def declare_parts(parts: Mapping[str, Chain], x: Shape) -> dict[str, Declaration]:
    """The declaration of each of these parts of a layer, all on the same input."""
    return {name: part.declare(x) for name, part in parts.items()}


def forward_branches(branches: Sequence[Chain], w: Views, x: Array, ctx: Context) -> tuple[list[Array], list[Backward]]:
    """Each branch's output, and its way back."""
    return forward_parts(name_branches(branches), w, x, ctx)


def backward_branches(backwards: Sequence[Backward], dys: Sequence[Array], dw: Views) -> Array | None:
    """The sum of the gradients that come back through the branches; None where dx is not wanted."""
    return backward_parts(name_branches(backwards), backwards, dys, dw)


def forward_parts(parts: Mapping[str, Chain], w: Views, x: Array, ctx: Context) -> tuple[list[Array], list[Backward]]:
    """The output and the way back of each of these parts of a layer, all on the same input."""
    outputs, backwards = [], []
    for name, part in parts.items():
        y, backward = part.forward(w.parts[name], x, ctx)
        outputs.append(y)
        backwards.append(backward)
    return outputs, backwards


def backward_parts(
    names: Iterable[str], backwards: Sequence[Backward], dys: Sequence[Array], dw: Views
) -> Array | None:
    """The sum of the gradients that come back through these parts; None where dx is not wanted."""
    ways = zip(names, backwards, dys, strict=True)
    # All parts run before any sum is formed: each has to fill its weights' gradients, whether dx is wanted or not.
    gradients = [backward(dy, dw.parts[name]) for name, backward, dy in ways]
    return reduce(add_gradients, gradients)


def add_gradients(a: Array | None, b: Array | None) -> Array | None:
    """The sum of both, None where either is."""
    if a is None or b is None:
        return None
    return a + b


def concatenate_outputs(parts: Mapping[str, Chain], w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """The outputs of these parts of a layer side by side, and the way back."""
    outputs, backwards = forward_parts(parts, w, x, ctx)
    cuts = np.cumsum([y.shape[-1] for y in outputs])[:-1]

    def backward(dy: Array, dw: Views) -> Array | None:
        # Copies, so that each part gets dy as it would alone: how an array lies in memory can decide how sums round.
        pieces = map(np.ascontiguousarray, np.split(dy, cuts, axis=-1))
        return backward_parts(parts, backwards, list(pieces), dw)

    return concatenate_features(outputs), backward


def add_branches(branches: Sequence[Chain], w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """The sum of the branches' outputs, and its way back."""
    outputs, backwards = forward_branches(branches, w, x, ctx)

    def backward(dy: Array, dw: Views) -> Array | None:
        return backward_branches(backwards, [dy] * len(outputs), dw)

    return reduce(np.add, outputs), backward


def concatenate_features(arrays: Sequence[Array]) -> Array:
    """Concatenation along the features, where some arrays may be shared by all replicas, (1, ...), and others not."""
    replicas = max(map(len, arrays))
    return np.concatenate([np.broadcast_to(array, (replicas, *array.shape[1:])) for array in arrays], axis=-1)


def add_parts(parts: Mapping[str, Chain], at: LayerScope, x: GraphValue) -> list[str]:
    """These parts of a layer in an exported graph, all on the same input; gives the names of their outputs."""
    return [part.add_to_graph(at.enter_layer(name), x) for name, part in parts.items()]
