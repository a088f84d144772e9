"""The home of the replica axis: every numeric array's axis 0 counts the runs that train together.

    R replicas

Three kinds of thing live in a stack. Arrays and lists are per replica, with R entries. Tuples, dictionaries and
dataclasses are containers, searched for arrays and lists. Everything else is shared by all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

from nnexp.registry import component_parameters
from nnexp.typing import AnyArray, Array, Shape

ALIGNED_BYTES = 16
"""Where memory from the system's allocator begins on 64-bit machines: at multiples of this."""

T = TypeVar("T")
"""A tree of per-replica arrays and lists, in containers."""


def lift(h: float | Array, like: Array) -> Array:
    """A per-replica number (R,) with the rank and precision of `like` (R, ...), so that it broadcasts per replica.

    >>> lift(np.array([0.1, 0.2]), np.zeros((2, 3, 5))).shape
    (2, 1, 1)
    """
    return np.asarray(h, dtype=like.dtype).reshape(-1, *(1,) * (like.ndim - 1))


def make_generator(seed: int, purpose: str) -> np.random.Generator:
    """The random generator that the run with this seed owns for one purpose, independent of all its others.

    The purpose's name enters the seed sequence as a key, so a new purpose changes no other's numbers.
    """
    key = hashlib.sha256(purpose.encode()).digest()
    words = tuple(int(word) for word in np.frombuffer(key[:16], dtype="<u4"))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=words)))


def make_generators(seeds: Sequence[int], purpose: str) -> list[np.random.Generator]:
    """One generator per replica."""
    return [make_generator(seed, purpose) for seed in seeds]


def copy_generators(sources: Sequence[np.random.Generator], rows: Sequence[int]) -> list[np.random.Generator]:
    """Copies of the generators of these replicas: they draw what the originals are about to, which they leave alone."""
    return [deepcopy(sources[row]) for row in rows]


class GeneratorSnapshot(Sequence[np.random.Generator]):
    """As `copy_generators`, of all replicas; they are copied when the first number is drawn, and most networks draw
    none.
    """

    def __init__(self, sources: Sequence[np.random.Generator]) -> None:
        self._sources = sources
        self._copies: list[np.random.Generator] = []

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, row: Any) -> Any:
        self._copies = self._copies or copy_generators(self._sources, range(len(self)))
        return self._copies[row]


def draw_normal(sources: Sequence[np.random.Generator], shape: Shape) -> Array:
    """Standard normal numbers (R, *shape), each replica's from its own generator."""
    return np.stack([source.standard_normal(shape) for source in sources])


def draw_uniform(sources: Sequence[np.random.Generator], shape: Shape) -> Array:
    """Numbers uniform in [0, 1), (R, *shape), each replica's from its own generator; 24 random bits each."""
    return np.stack([source.random(shape, dtype=np.float32) for source in sources])


def stack_replicas(components: Sequence[T]) -> T:
    """One component for R runs: per-replica parameters become arrays (R,), all others must be equal."""
    return cast("T", _stack_values(components))


def _stack_values(components: Sequence[Any]) -> Any:
    first = components[0]
    assert all(type(c) is type(first) for c in components), "runs with different components cannot be stacked"
    if isinstance(first, tuple):
        assert all(len(c) == len(first) for c in components), "runs with different structures cannot be stacked"
        return tuple(_stack_values(parts) for parts in zip(*components, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        known = component_parameters(type(first))
        return replace(first, **{p.name: _stack_parameter(components, p.name, p.is_per_replica) for p in known})
    assert all(c == first for c in components), f"runs that differ in {first!r} cannot be stacked"
    return first


def _stack_parameter(components: Sequence[Any], name: str, per_replica: bool) -> Any:
    values = [getattr(component, name) for component in components]
    if not per_replica or any(value is None for value in values):
        return _stack_values(values)
    return np.array(values, dtype=np.float64)


def take_replicas(tree: T, rows: Sequence[int]) -> T:
    """The stack of the replicas `rows`, as copies."""
    return cast("T", _take_rows(tree, list(rows)))


def _take_rows(tree: Any, rows: list[int]) -> Any:
    match tree:
        case np.ndarray():
            return tree[rows]
        case list():
            return [tree[row] for row in rows]
        case tuple():
            return tuple(_take_rows(part, rows) for part in tree)
        case dict():
            return {key: _take_rows(part, rows) for key, part in tree.items()}
    if is_dataclass(tree) and not isinstance(tree, type):
        return replace(tree, **{f.name: _take_rows(getattr(tree, f.name), rows) for f in fields(tree) if f.init})
    return tree


def join_replicas(trees: Sequence[T]) -> T:
    """The inverse of `take_replicas`: one stack of all the replicas in `trees`, in their order."""
    return cast("T", _join_trees(trees))


def _join_trees(trees: Sequence[Any]) -> Any:
    first = trees[0]
    match first:
        case np.ndarray():
            return np.concatenate(trees)
        case list():
            return [entry for tree in trees for entry in tree]
        case tuple():
            return tuple(_join_trees(parts) for parts in zip(*trees, strict=True))
        case dict():
            return {key: _join_trees([tree[key] for tree in trees]) for key in first}
    if is_dataclass(first) and not isinstance(first, type):
        return replace(
            first, **{f.name: _join_trees([getattr(t, f.name) for t in trees]) for f in fields(first) if f.init}
        )
    assert all(tree == first for tree in trees), "stacks that differ in a shared value cannot be joined"
    return first


def stack_arrays(arrays: Sequence[AnyArray]) -> AnyArray:
    """One array (R, ...) of R equally shaped ones; a single one, which all replicas share, as a view (1, ...)."""
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)


def row_norms(rows: AnyArray) -> Array:
    """Euclidean norm of each row. core: (P) -> ()"""
    return np.sqrt(dot_rows(rows, rows))


def dot_rows(a: AnyArray, b: AnyArray) -> Array:
    """The dot product of each row with its counterpart. core: (P), (P) -> ()

    Some BLAS kernels round by where in memory a row begins (OpenBLAS Prescott, for CPUs without AVX). So the rows of
    a replica that begin elsewhere than at a multiple of 16 bytes are copied to where they would begin alone.
    """
    if _is_aligned(a) and _is_aligned(b):
        return np.vecdot(a, b)
    pairs = zip(*np.broadcast_arrays(a, b), strict=True)
    return np.stack([np.vecdot(one.copy(), other.copy()) for one, other in pairs])


def _is_aligned(array: AnyArray) -> bool:
    """Whether every replica's numbers begin at a multiple of 16 bytes, as fresh arrays do."""
    if len(array) > 1 and array.strides[0] % ALIGNED_BYTES:
        return False
    return array.base is None or array.ctypes.data % ALIGNED_BYTES == 0
