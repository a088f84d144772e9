"""What the layers that hold branches share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate

import numpy as np

from nnexp.nn.layers.base import Backward, Context, ShapeError
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Declaration, Views
from nnexp.typing import Array, Shape


def declare_branches(branches: Sequence[Chain], x: Shape, layer: str) -> dict[str, Declaration]:
    """The declaration of each branch, by its name: branch_1, branch_2, ..."""
    if len(branches) < 2:
        raise ShapeError(f"{layer} takes at least two branches")
    return {f"branch_{i}": branch.declare(x) for i, branch in enumerate(branches, start=1)}


def forward_branches(branches: Sequence[Chain], w: Views, x: Array, ctx: Context) -> tuple[list[Array], list[Backward]]:
    """Each branch's output, and its way back."""
    passes = [branch.forward(w.parts[f"branch_{i}"], x, ctx) for i, branch in enumerate(branches, start=1)]
    return [y for y, _ in passes], [backward for _, backward in passes]


def backward_branches(backwards: Sequence[Backward], dys: Sequence[Array], dw: Views) -> Array | None:
    """The sum of what comes back through the branches, None where it was not asked for."""
    pairs = enumerate(zip(backwards, dys, strict=True), start=1)
    return reduce(add_gradients, [backward(dy, dw.parts[f"branch_{i}"]) for i, (backward, dy) in pairs])


def add_gradients(a: Array | None, b: Array | None) -> Array | None:
    """The sum of both, None where either is."""
    return None if a is None or b is None else a + b


def concatenate_outputs(parts: Sequence[tuple[str, Chain]], w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """The outputs of layers with these names side by side, and the way back."""
    passes = [part.forward(w.parts[name], x, ctx) for name, part in parts]
    outputs = [y for y, _ in passes]
    cuts = list(accumulate(y.shape[-1] for y in outputs))[:-1]

    def backward(dy: Array, dw: Views) -> Array | None:
        pieces = [np.ascontiguousarray(piece) for piece in np.split(dy, cuts, axis=-1)]
        ways = zip(parts, passes, pieces, strict=True)
        return reduce(add_gradients, [back(piece, dw.parts[name]) for (name, _), (_, back), piece in ways])

    return concatenate_features(outputs), backward


def add_branches(branches: Sequence[Chain], w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
    """The sum of the branches' outputs, and its way back."""
    outputs, backwards = forward_branches(branches, w, x, ctx)

    def backward(dy: Array, dw: Views) -> Array | None:
        return backward_branches(backwards, [dy] * len(outputs), dw)

    return reduce(np.add, outputs), backward


def concatenate_features(arrays: Sequence[Array]) -> Array:
    """Concatenation along the features, where some arrays may be shared by all replicas, (1, ...), and others not."""
    replicas = max(len(array) for array in arrays)
    return np.concatenate([np.broadcast_to(array, (replicas, *array.shape[1:])) for array in arrays], axis=-1)
