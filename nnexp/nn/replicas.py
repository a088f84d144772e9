"""The home of the replica axis: every numeric array's axis 0 counts the runs that train together.

    R replicas

Three kinds of thing live in a stack. Arrays and lists are per replica, with R entries. Tuples, dictionaries and
dataclasses are containers, searched for arrays and lists. Everything else is shared by all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, TypeVar, cast

import numpy as np

from nnexp.registry import component_parameters
from nnexp.typing import AnyArray, Array

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
        stacked: dict[str, Any] = {}
        for p in component_parameters(type(first)):
            stacked[p.name] = _stack_parameter(components, p.name, p.is_per_replica)
        return replace(first, **stacked)
    assert all(c == first for c in components), f"runs that differ in {first!r} cannot be stacked"
    return first


def _stack_parameter(components: Sequence[Any], name: str, per_replica: bool) -> Any:
    values = [getattr(component, name) for component in components]
    # A parameter may be left open, as random_walk's gain is: then it is open in all, or the runs differ in structure.
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
        taken = {name: _take_rows(getattr(tree, name), rows) for name in _list_init_fields(tree)}
        return replace(tree, **taken)
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
            return list(chain.from_iterable(trees))
        case tuple():
            return tuple(_join_trees(parts) for parts in zip(*trees, strict=True))
        case dict():
            return {key: _join_trees(list(map(itemgetter(key), trees))) for key in first}
    if is_dataclass(first) and not isinstance(first, type):
        joined = {name: _join_trees(list(map(attrgetter(name), trees))) for name in _list_init_fields(first)}
        return replace(first, **joined)
    assert all(tree == first for tree in trees), "stacks that differ in a shared value cannot be joined"
    return first


def _list_init_fields(container: Any) -> list[str]:
    """The fields that a dataclass's constructor takes; `replace` refuses the others."""
    return [field.name for field in fields(container) if field.init]


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
