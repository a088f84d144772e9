"""Which runs can be trained in one stack: those whose specs differ only in seed, name and per-replica numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import is_dataclass
from math import ceil
from typing import Any, TypeVar

from nnexp.data.normalizations.linear import Unchanged
from nnexp.registry import component_parameters
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.spec import Data, Spec

T = TypeVar("T")

ANY_NUMBER = "a number"
"""Stands for the number of a per-replica parameter, whatever it is."""

INDIVIDUAL_KEYS = ("name", "seed", "data")
"""Keys in which the runs of a stack may differ; the sizes of their data have to be the same."""


def compute_structure(spec: AnySpec) -> Hashable:
    """What the specs of one stack have in common; None for a baseline, which is fitted by itself."""
    if not isinstance(spec, Spec):
        return None
    names = [parameter.name for parameter in component_parameters(Spec) if parameter.name not in INDIVIDUAL_KEYS]
    sections = tuple((name, make_skeleton(getattr(spec, name))) for name in names)
    return (_describe_data_sizes(spec.data), sections)


def make_skeleton(value: Any) -> Hashable:
    """A component without its per-replica numbers."""
    if isinstance(value, tuple):
        return tuple(map(make_skeleton, value))
    if not is_dataclass(value) or isinstance(value, type):
        return (type(value).__name__, value)  # with the type, as True == 1 == 1.0
    entries: list[Hashable] = []
    for parameter in component_parameters(type(value)):
        entry = getattr(value, parameter.name)
        # None switches something off, which changes the computation and not only a number in it.
        is_free = parameter.is_per_replica and entry is not None
        entries.append(ANY_NUMBER if is_free else make_skeleton(entry))
    return (type(value).__qualname__, *entries)


def _describe_data_sizes(data: Data) -> Hashable:
    """What has to be the same of the data: shapes, classes, sizes of the parts, and how they are handled."""
    description = describe_data(data)
    sizes = data.count_parts(description)
    about = (description.shape, description.targets, description.classes, description.tasks)
    components = (make_skeleton(data.targets), make_skeleton(data.augment))
    handling = (*components, data.scale_targets == Unchanged(), data.class_weights == "none")
    return (about, tuple(sorted(sizes.items())), *handling)


def split_evenly(entries: Sequence[T], size: int, workers: int) -> list[list[T]]:
    """The entries in pieces of at most `size`, as equal as possible, and enough of them for all workers.

    >>> [len(chunk) for chunk in split_evenly(range(64), 48, 2)]
    [32, 32]
    >>> [len(chunk) for chunk in split_evenly(range(5), 64, 2)]
    [3, 2]
    """
    count = max(ceil(len(entries) / size), min(workers, len(entries)))
    smaller_size, larger_count = divmod(len(entries), count)
    pieces, start = [], 0
    for index in range(count):
        stop = start + smaller_size + (index < larger_count)
        pieces.append(list(entries[start:stop]))
        start = stop
    return pieces
