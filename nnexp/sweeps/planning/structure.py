"""Which runs can be trained in one stack: those whose specs differ in seed, name and per-replica numbers alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import is_dataclass
from typing import Any, TypeVar

from nnexp.registry import component_parameters
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.spec import Data, Spec

T = TypeVar("T")

ANY_NUMBER = "a number"
"""Stands for whatever number a per-replica parameter has."""

INDIVIDUAL_KEYS = ("name", "seed", "data")
"""What a run may have to itself, data as far as their sizes are the same."""


def compute_structure(spec: AnySpec) -> Hashable:
    """What the specs of one stack have in common; None where a run is fitted by itself, as a baseline is."""
    if not isinstance(spec, Spec):
        return None
    rest = tuple(
        (p.name, make_skeleton(getattr(spec, p.name)))
        for p in component_parameters(Spec)
        if p.name not in INDIVIDUAL_KEYS
    )
    return (_describe_data_sizes(spec.data), rest)


def make_skeleton(value: Any) -> Hashable:
    """A component without its per-replica numbers."""
    if isinstance(value, tuple):
        return tuple(map(make_skeleton, value))
    if is_dataclass(value) and not isinstance(value, type):
        entries = [
            ANY_NUMBER
            if p.is_per_replica and getattr(value, p.name) is not None
            else make_skeleton(getattr(value, p.name))
            for p in component_parameters(type(value))
        ]
        return (type(value).__qualname__, *entries)
    return (type(value).__name__, value)


def _describe_data_sizes(data: Data) -> Hashable:
    """What has to be the same of the data: shapes, classes, sizes of the parts, and how they are changed at random."""
    found = describe_data(data)
    sizes = data.split.count_examples(found.examples, found.own_test)
    about = (found.shape, found.targets, found.classes, found.tasks)
    return (about, tuple(sorted(sizes.items())), make_skeleton(data.targets), make_skeleton(data.augment))


def split_evenly(entries: Sequence[T], size: int, workers: int) -> list[list[T]]:
    """The entries in pieces of at most `size`, of sizes as equal as can be, and enough of them for all workers.

    >>> [len(chunk) for chunk in split_evenly(range(64), 48, 2)]
    [32, 32]
    >>> [len(chunk) for chunk in split_evenly(range(5), 64, 2)]
    [3, 2]
    """
    count = max(-(-len(entries) // size), min(workers, len(entries)))
    least, larger = divmod(len(entries), count)
    pieces, start = [], 0
    for index in range(count):
        stop = start + least + (index < larger)
        pieces.append(list(entries[start:stop]))
        start = stop
    return pieces
