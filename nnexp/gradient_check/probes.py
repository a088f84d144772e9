"""Directions in which to leave a point.   E probes, P numbers of the point, K points at once"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from nnexp.gradient_check.differences import ProbedFunction
from nnexp.typing import Array, IntArray

PointFunction: TypeAlias = Callable[[Array], Array]
"""Points (K, P), of which it may keep none, to values (K)."""


class Probes(Protocol):
    """Some directions."""

    def __len__(self) -> int: ...

    def move(self, points: Array, which: IntArray, steps: Array) -> None:
        """Move each point (K, P) along a probe (K), by a step (K)."""

    def project(self, gradient: Array) -> Array:
        """The derivatives along the probes by a gradient. (P) -> (E)"""


@dataclass(frozen=True, slots=True, eq=False)
class EntryProbes:
    """One entry each: `index` (E) says which."""

    index: IntArray

    def __len__(self) -> int:
        return len(self.index)

    def move(self, points: Array, which: IntArray, steps: Array) -> None:
        points[np.arange(len(points)), self.index[which]] += steps

    def project(self, gradient: Array) -> Array:
        return gradient[self.index]


@dataclass(frozen=True, slots=True, eq=False)
class DirectionProbes:
    """Unit vectors (E, n) in the space of the entries `index` (n)."""

    index: IntArray
    vectors: Array

    def __len__(self) -> int:
        return len(self.vectors)

    def move(self, points: Array, which: IntArray, steps: Array) -> None:
        points[:, self.index] += steps[:, None] * self.vectors[which]

    def project(self, gradient: Array) -> Array:
        return self.vectors @ gradient[self.index]


def draw_directions(index: IntArray, count: int, source: np.random.Generator) -> DirectionProbes:
    """Directions drawn uniformly from the sphere in the space of some entries."""
    # A normal distribution looks alike from all sides, so that its directions are uniform.
    vectors = source.standard_normal((count, len(index)))
    return DirectionProbes(index, vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def restrict_to_probes(function: PointFunction, origin: Array, probes: Probes, rows: int) -> ProbedFunction:
    """The function as one of probes and steps, `rows` points being evaluated at once."""

    def evaluate_steps(which: IntArray, steps: Array) -> Array:
        found = np.empty(len(which))
        for start in range(0, len(which), rows):
            here = slice(start, start + rows)
            points = np.repeat(origin[None], len(which[here]), axis=0)
            probes.move(points, which[here], steps[here])
            found[here] = function(points)
        return found

    return evaluate_steps
