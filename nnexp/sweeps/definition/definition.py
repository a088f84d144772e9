"""What a user says of a sweep: a base spec, and what of it varies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
    """One key and the values that it is given, one after the other."""

    path: str
    values: tuple[Node, ...]
    place: Place

    def expand_points(self) -> Iterator[Point]:
        for value in self.values:
            for each in space.expand_grid(value):
                yield (Assignment(self.path, each, self.place),)

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
        return [leaf for path, node, _ in self.keys for leaf in space.find_dimensions(node, path)]

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
    """A sweep as it was said.

    base: the tree of the base spec as read from `base_text`, with the `fixed` values in it, which hold for all runs.
    All combinations of variants, grid, zip and what is drawn are tried, but for those that `exclude` matches.
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
        zipped = self.zipped[0].value_count if self.zipped else 1
        trials = self.sampled.trials.trials if self.sampled else 1
        ensemble = self.settings.ensemble
        members = ensemble.member_count if ensemble and not ensemble.snapshots else 1
        variants = math.prod(axis.value_count for axis in self.grid) * zipped * max(1, len(self.variants)) * trials
        return variants * len(self.seeds or (0,)) * (self.settings.folds or 1) * members

    def list_varying_keys(self) -> list[str]:
        """The keys that vary; one that varies in two ways is there twice."""
        axes = [axis.path for axis in (*self.zipped, *self.grid)]
        named = dict.fromkeys(assignment.path for variant in self.variants for assignment in variant.point)
        return [*named, *axes, *(path for path, _, _ in (self.sampled.keys if self.sampled else ()))]

    def expand_points(self, drawn: Point = ()) -> Iterator[tuple[str, Point]]:
        """Every variant, with the name that was given to it, if one was; `drawn` is a trial's part of them."""
        for name, point in self._combinations():
            whole = point + drawn
            if not any(_is_excluded(whole, pattern) for pattern in self.exclude):
                yield name, whole

    def fixed_points(self) -> Iterator[Point]:
        """Every variant without what is drawn, those that are excluded among them."""
        for _, point in self._combinations():
            yield point

    def _combinations(self) -> Iterator[tuple[str, Point]]:
        """All combinations of named variants, zip and grid."""
        grid = [list(axis.expand_points()) for axis in self.grid]
        zipped = _zip_points(self.zipped)
        for named in self.variants or (NamedVariant("", ()),):
            for together in zipped:
                for one_each in product(*grid):
                    yield named.name, named.point + together + tuple(chain.from_iterable(one_each))

    def build_identity(self) -> dict[str, Any]:
        """What makes it this sweep and not another: what varies, but not the values, the seeds or the base's content.

        So more values and more seeds extend a sweep.
        """
        keys = sorted({axis.path for axis in (*self.grid, *self.zipped)})
        drawn = self.sampled
        space_ = {path: node.make_plain() for path, node, _ in drawn.keys} if drawn else {}
        ensemble = self.settings.ensemble
        return {
            "base": self.base_name,
            "keys": keys,
            "variants": bool(self.variants),
            "sampler": [drawn.sampler, drawn.trials.seed, space_] if drawn else None,
            "folds": self.settings.folds,
            "ensemble": [ensemble.members, ensemble.bagging, ensemble.snapshots] if ensemble else None,
        }


def as_overrides(point: Point) -> tuple[str, ...]:
    """The words of a command that say the same."""
    return tuple(f"{assignment.path}={format_flow(assignment.value.make_plain())}" for assignment in point)


def _zip_points(axes: tuple[SweepAxis, ...]) -> list[Point]:
    """Points of keys whose values move together."""
    columns = [list(axis.expand_points()) for axis in axes]
    return [tuple(a for part in row for a in part) for row in zip(*columns, strict=True)] if axes else [()]


def _is_excluded(point: Point, pattern: Mapping[str, Any]) -> bool:
    """Whether a point has all values of a pattern."""
    values = {assignment.path: assignment.value.make_plain() for assignment in point}
    return all(path in values and values[path] == value for path, value in pattern.items())
