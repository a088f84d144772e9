"""What a user asks of a sweep: a base spec, and what varies of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any, Literal, TypeAlias

from nnexp.spec.conflicts import Assignment
from nnexp.spec.problems import Place
from nnexp.spec.yaml import Node, format_flow
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.settings import SweepSettings, TrialSettings

SamplerName: TypeAlias = Literal["random", "sobol", "tpe"]

Point: TypeAlias = tuple[Assignment, ...]
"""What makes one variant of the base spec."""


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """One key and its values."""

    path: str
    values: tuple[Node, ...]
    place: Place

    def expand_points(self) -> list[Point]:
        """A point for each value; `{grid: [...]}` inside a value stands for several."""
        values = chain.from_iterable(map(space.expand_grid, self.values))
        return [(Assignment(self.path, value, self.place),) for value in values]

    @property
    def value_count(self) -> int:
        return sum(map(space.count_values, self.values))


@dataclass(frozen=True, slots=True)
class SampledKeys:
    """Keys whose values are drawn."""

    sampler: SamplerName
    trials: TrialSettings
    keys: tuple[tuple[str, Node, Place], ...]

    def list_dimensions(self) -> list[space.SearchDimension]:
        """All numbers that may have to be drawn."""
        return list(chain.from_iterable(space.find_dimensions(node, path) for path, node, _ in self.keys))

    def draw_point(self, draw: space.DrawValue) -> Point:
        """One variant."""
        return tuple(Assignment(path, space.draw_values(node, path, draw), place) for path, node, place in self.keys)


@dataclass(frozen=True, slots=True)
class NamedVariant:
    """A variant with a name, which stands for its values in tables."""

    name: str
    point: Point


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """A sweep as it was written.

    base: the tree of the base spec as read from `base_text`, with the `fixed` values in it, which hold for all runs.
    All combinations of variants, grid, zip and drawn values are tried, except those that `exclude` matches.
    """

    name: str
    base: Node
    base_name: str
    base_text: str
    fixed: Point
    text: str
    settings: SweepSettings = field(default_factory=SweepSettings)
    seeds: tuple[int, ...] | None = None
    grid: tuple[SweepAxis, ...] = ()
    zipped: tuple[SweepAxis, ...] = ()
    variants: tuple[NamedVariant, ...] = ()
    sampled: SampledKeys | None = None
    exclude: tuple[Mapping[str, Any], ...] = ()
    exclude_places: tuple[Place, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, repr=False)
    """Where the keys of a sweep file are written."""

    @property
    def overrides(self) -> tuple[str, ...]:
        """The fixed values as overrides of the base spec."""
        return as_overrides(self.fixed)

    @property
    def run_count(self) -> int:
        """The number of runs, before any are excluded or found to be the same."""
        count = math.prod(axis.value_count for axis in self.grid) * max(1, len(self.variants))
        if self.zipped:
            count *= self.zipped[0].value_count
        if self.sampled:
            count *= self.sampled.trials.trials
        ensemble = self.settings.ensemble
        if ensemble and not ensemble.snapshots:  # snapshots are of one run
            count *= ensemble.member_count
        return count * len(self.seeds or (0,)) * (self.settings.folds or 1)

    def list_varying_keys(self) -> list[str]:
        """The keys that vary; one that varies in two ways is there twice."""
        assignments = chain.from_iterable(variant.point for variant in self.variants)
        keys = list(dict.fromkeys(assignment.path for assignment in assignments))
        keys += [axis.path for axis in (*self.zipped, *self.grid)]
        if self.sampled:
            keys += [path for path, _, _ in self.sampled.keys]
        return keys

    def expand_points(self, drawn: Point = ()) -> Iterator[tuple[str, Point]]:
        """Every variant with its name, "" if it has none; `drawn` holds the drawn values of a trial."""
        for name, point in self._combine_points():
            whole = point + drawn
            if not self._is_excluded(whole):
                yield name, whole

    def _is_excluded(self, point: Point) -> bool:
        values = make_plain_values(point) if self.exclude else {}
        return any(has_values(values, pattern) for pattern in self.exclude)

    def list_fixed_points(self) -> list[Point]:
        """Every variant without drawn values, the excluded ones among them."""
        return [point for _, point in self._combine_points()]

    def _combine_points(self) -> Iterator[tuple[str, Point]]:
        """All combinations of named variants, zip and grid; the last axis of the grid changes fastest."""
        grid_points = [axis.expand_points() for axis in self.grid]
        for named in self.variants or (NamedVariant("", ()),):
            for points in product(_zip_points(self.zipped), *grid_points):
                yield named.name, named.point + _join_points(points)

    def build_identity(self) -> dict[str, Any]:
        """What the folder's name is made of: what varies, but not the values, the seeds or the base's content.

        So more values and more seeds extend a sweep.
        """
        identity: dict[str, Any] = {
            "base": self.base_name,
            "keys": sorted({axis.path for axis in (*self.grid, *self.zipped)}),
            "variants": bool(self.variants),
            "sampler": None,
            "folds": self.settings.folds,
            "ensemble": None,
        }
        if self.sampled:
            space_ = {path: node.make_plain() for path, node, _ in self.sampled.keys}
            identity["sampler"] = [self.sampled.sampler, self.sampled.trials.seed, space_]
        ensemble = self.settings.ensemble
        if ensemble:
            identity["ensemble"] = [ensemble.members, ensemble.bagging, ensemble.snapshots]
        return identity


def as_overrides(point: Point) -> tuple[str, ...]:
    """The arguments of a command that make the same point."""
    return tuple(f"{assignment.path}={format_flow(assignment.value.make_plain())}" for assignment in point)


def make_plain_values(point: Point) -> dict[str, Any]:
    """The values of a point by their paths."""
    return {assignment.path: assignment.value.make_plain() for assignment in point}


def has_values(values: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    """Whether a variant has all values of a pattern."""
    return all(path in values and values[path] == value for path, value in pattern.items())


def _zip_points(axes: tuple[SweepAxis, ...]) -> list[Point]:
    """Points of keys whose values move together."""
    if not axes:
        return [()]
    return list(map(_join_points, zip(*(axis.expand_points() for axis in axes), strict=True)))


def _join_points(points: Iterable[Point]) -> Point:
    return tuple(chain.from_iterable(points))
