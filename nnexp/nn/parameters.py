"""All weights of a stack as one array theta (R, P), and the named views into it that layers are handed.

    R replicas, P parameters of one network

Gradients, optimizer slots and masks have the same layout; so has the second store, of the buffers (running
statistics), which no optimizer touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from math import prod
from typing import Literal

import numpy as np

from nnexp.typing import AnyArray, BoolArray, Shape


@dataclass(frozen=True, slots=True)
class Weight:
    """What a layer says of one of its weights.

    `shape` is the core shape; biases and gains have a leading 1 so that they broadcast over examples: (1, O).
    `fill` is "init" (drawn by the spec's initializer from the fans), "bias" (that initializer's bias) or a constant.
    """

    shape: Shape
    fill: Literal["init", "bias"] | float = "init"
    fan_in: int = 0
    fan_out: int = 0

    @property
    def size(self) -> int:
        """Its number of entries."""
        return prod(self.shape)

    @property
    def is_regularized(self) -> bool:
        """Penalties and weight decay act on drawn weights only: not on biases, gains and shifts."""
        return self.fill == "init"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a layer needs for a given input shape: its output shape, weights, buffers, and its parts' declarations.

    `buffers` gives each buffer's shape and its value at the start.
    """

    output: Shape
    weights: Mapping[str, Weight] = field(default_factory=dict)
    buffers: Mapping[str, tuple[Shape, float]] = field(default_factory=dict)
    parts: Mapping[str, Declaration] = field(default_factory=dict)

    def iterate_weights(self, prefix: str = "") -> Iterator[tuple[str, Weight]]:
        """Every weight with its full name, such as "dense_1.W", in the order in which theta holds them."""
        for name, weight in self.weights.items():
            yield prefix + name, weight
        for name, part in self.parts.items():
            yield from part.iterate_weights(f"{prefix}{name}.")

    def iterate_buffers(self, prefix: str = "") -> Iterator[tuple[str, Shape]]:
        """Every buffer's full name and shape, in the order in which the buffers are held."""
        for name, (shape, _) in self.buffers.items():
            yield prefix + name, shape
        for name, part in self.parts.items():
            yield from part.iterate_buffers(f"{prefix}{name}.")

    def layer_slices(self) -> dict[str, slice]:
        """Where theta holds the weights of each layer that has any of its own, by its full name."""
        found: dict[str, slice] = {}
        start = 0
        for name, weight in self.iterate_weights():
            stop = start + weight.size
            layer = name.rpartition(".")[0]
            first = found.get(layer, slice(start, stop)).start
            found[layer] = slice(first, stop)
            start = stop
        return found

    @property
    def weight_count(self) -> int:
        """P, the number of weights."""
        return sum(weight.size for _, weight in self.iterate_weights())

    @property
    def buffer_count(self) -> int:
        """The number of buffer entries."""
        return sum(prod(shape) for _, shape in self.iterate_buffers())

    def regularized_mask(self) -> BoolArray:
        """The mask (P) of the weights that penalties and weight decay act on."""
        return self._build_mask(lambda _, weight: weight.is_regularized)

    def trainable_mask(self, frozen: Sequence[str]) -> BoolArray:
        """Which of the P parameters no pattern of `frozen` names."""
        return self._build_mask(lambda name, _: not matches_any_pattern(name, frozen))

    def _build_mask(self, is_chosen: Callable[[str, Weight], bool]) -> BoolArray:
        """A mask (P) that is set for the entries of the weights that are chosen."""
        pieces = [np.full(weight.size, is_chosen(name, weight)) for name, weight in self.iterate_weights()]
        # The empty piece is for a network without weights.
        return np.concatenate([np.zeros(0, bool), *pieces])

    def initial_buffers(self) -> AnyArray:
        """The buffers (1, B) at the start of training."""
        own = [np.full((1, prod(shape)), value) for shape, value in self.buffers.values()]
        return np.concatenate([np.zeros((1, 0)), *own, *map(Declaration.initial_buffers, self.parts.values())], axis=-1)


def matches_pattern(name: str, pattern: str) -> bool:
    """Whether a pattern such as "dense_1", "conv2d_*" or "*.b" names a weight, or a layer that the weight is in.

    >>> [matches_pattern("dense_1.W", pattern) for pattern in ("dense_1", "dense_*", "*.W", "dense")]
    [True, True, True, False]
    """
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:n]), pattern) for n in range(1, len(parts) + 1))


def matches_any_pattern(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns names a weight, or a layer that the weight is in."""
    return any(map(partial(matches_pattern, name), patterns))


class Views(dict[str, AnyArray]):
    """One layer's arrays by name, each (R, ...); the arrays of a composed layer's parts are in `parts`.

    `path` is the layer's full name, such as "parallel_1.branch_2.dense_1", and empty for the whole network.
    """

    __slots__ = ("parts", "path")

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self.parts: dict[str, Views] = {}
        self.path = path

    def array_of(self, name: str) -> AnyArray:
        """The array with this full name, such as "dense_1.W"."""
        *layers, own = name.split(".")
        views = self
        for layer in layers:
            views = views.parts[layer]
        return views[own]


def weight_views(declaration: Declaration, flat: AnyArray) -> Views:
    """Views of `flat` (R, P), shaped and named as declared. Writing to a view writes to `flat`."""
    cursor = _ColumnCursor(flat)
    views = _make_views(declaration, cursor, buffers=False)
    assert cursor.at == flat.shape[1], "the array and its declaration differ in size"
    return views


def layer_views(declaration: Declaration, theta: AnyArray, buffers: AnyArray) -> Views:
    """What `forward` is handed: views of the weights (R, P) and of the buffers (R, B) side by side."""
    views = weight_views(declaration, theta)
    _merge_views(views, _make_views(declaration, _ColumnCursor(buffers), buffers=True))
    return views


class _ColumnCursor:
    """Hands out consecutive columns of a (R, P) array as shaped views."""

    def __init__(self, flat: AnyArray) -> None:
        self.flat, self.at = flat, 0

    def take_columns(self, shape: Shape) -> AnyArray:
        start, self.at = self.at, self.at + prod(shape)
        # Without `copy=False`, a reshape that cannot be a view would copy silently, and writing to it change nothing.
        return np.reshape(self.flat[:, start : self.at], (len(self.flat), *shape), copy=False)


def _make_views(declaration: Declaration, cursor: _ColumnCursor, *, buffers: bool, path: str = "") -> Views:
    views = Views(path)
    if buffers:
        for name, (shape, _) in declaration.buffers.items():
            views[name] = cursor.take_columns(shape)
    else:
        for name, weight in declaration.weights.items():
            views[name] = cursor.take_columns(weight.shape)
    for name, part in declaration.parts.items():
        views.parts[name] = _make_views(part, cursor, buffers=buffers, path=f"{path}.{name}" if path else name)
    return views


def _merge_views(views: Views, others: Views) -> None:
    views.update(others)
    for name, part in others.parts.items():
        _merge_views(views.parts[name], part)
