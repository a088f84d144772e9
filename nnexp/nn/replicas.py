"""The home of the replica axis: every numeric array's axis 0 counts the runs that train together.

    R replicas

Three kinds of thing live in a stack. Arrays and lists are per replica, with R entries. Tuples, dictionaries and
dataclasses are containers, searched for arrays and lists. Everything else is shared by all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
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
    assert len(set(map(type, components))) == 1, "runs with different components cannot be stacked"
    if isinstance(first, tuple):
        assert len(set(map(len, components))) == 1, "runs with different structures cannot be stacked"
        return tuple(map(_stack_values, zip(*components, strict=True)))
    if is_dataclass(first) and not isinstance(first, type):
        stacked: dict[str, Any] = {}
        for p in component_parameters(type(first)):
            stacked[p.name] = _stack_parameter(components, p.name, p.is_per_replica)
        return replace(first, **stacked)
    assert components.count(first) == len(components), f"runs that differ in {first!r} cannot be stacked"
    return first


def _stack_parameter(components: Sequence[Any], name: str, per_replica: bool) -> Any:
    values = list(map(attrgetter(name), components))
    # A parameter may be left open, as random_walk's gain is: then it is open in all, or the runs differ in structure.
    if not per_replica or None in values:
        return _stack_values(values)
    return np.array(values, dtype=np.float64)


def take_replicas(tree: T, rows: Sequence[int]) -> T:
    """The stack of the replicas `rows`, as copies."""
    return cast("T", _map_leaves(partial(_take_rows, list(rows)), tree))


def _take_rows(rows: list[int], leaf: Any) -> Any:
    match leaf:
        case np.ndarray():
            return leaf[rows]
        case list():
            return [leaf[row] for row in rows]
    return leaf


def join_replicas(trees: Sequence[T]) -> T:
    """The inverse of `take_replicas`: one stack of all the replicas in `trees`, in their order."""
    return cast("T", _map_leaves(_join_leaves, *trees))


def _join_leaves(*leaves: Any) -> Any:
    first = leaves[0]
    match first:
        case np.ndarray():
            return np.concatenate(leaves)
        case list():
            return list(chain.from_iterable(leaves))
    assert leaves.count(first) == len(leaves), "stacks that differ in a shared value cannot be joined"
    return first


def _map_leaves(change: Callable[..., Any], *trees: Any) -> Any:
    """A tree of what `change` makes of the leaves that these trees of one structure have in the same place."""
    first = trees[0]
    match first:
        case tuple():
            return tuple(_map_leaves(change, *parts) for parts in zip(*trees, strict=True))
        case dict():
            return {key: _map_leaves(change, *map(itemgetter(key), trees)) for key in first}
    # `is_dataclass` is true of the classes themselves as well.
    if not is_dataclass(first) or isinstance(first, type):
        return change(*trees)
    changed = {}
    for field in fields(first):
        # `replace` refuses the fields that the constructor does not take.
        if field.init:
            changed[field.name] = _map_leaves(change, *map(attrgetter(field.name), trees))
    return replace(first, **changed)


def stack_arrays(arrays: Sequence[AnyArray]) -> AnyArray:
    """One array (R, ...) of R equally shaped ones; a single one, which all replicas share, as a view (1, ...)."""
    if len(arrays) == 1:
        return arrays[0][None]
    return np.stack(arrays)


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
