"""From the definition of a sweep to its runs: every one resolved and checked before any is trained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nnexp.errors import SpecError
from nnexp.runs.folder import LONG_HASH_DIGITS, make_folder_name
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec
from nnexp.spec.conflicts import Assignment
from nnexp.spec.problems import Problem, sort_problems
from nnexp.spec.read import build_from_resolved, build_spec
from nnexp.spec.spec import Origin
from nnexp.spec.yaml import build_tree, format_flow, join_path
from nnexp.sweeps.definition.command_line import insert_value
from nnexp.sweeps.definition.conflicts import FOLD, remaining
from nnexp.sweeps.definition.definition import Point, SweepDefinition, as_overrides
from nnexp.sweeps.planning.record import meaning, trained_cells
from nnexp.sweeps.running.snapshots import check_ensemble_members

MAX_PROBLEMS = 50
"""After so many different mistakes nobody reads on."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run that shall exist.

    run: the name of its folder. variant: what it shares with the runs that differ in seed, fold or member alone.
    values: what varies, by column. ensemble: the name of the ensemble that it is a member of, where it is of one.
    """

    run: str
    variant: str
    seed: int
    values: Mapping[str, Any]
    plain_spec: Mapping[str, Any] = field(repr=False)
    overrides: tuple[str, ...] = field(repr=False)
    fold: int | None = None
    member: int | None = None

    def build_spec(self, base_text: str) -> AnySpec:
        """The resolved spec as components. It is not checked again, as it was when it was planned."""
        return build_from_resolved(self.plain_spec, self.run, Origin(base_text, self.overrides))

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, without what all runs share."""
        return {
            "run": self.run,
            "variant": self.variant,
            "seed": self.seed,
            "fold": self.fold,
            "member": self.member,
            "values": dict(self.values),
            "overrides": list(self.overrides),
            "spec": dict(self.plain_spec),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> PlannedRun:
        """The inverse of `as_dict`."""
        return cls(
            given["run"],
            given["variant"],
            given["seed"],
            given["values"],
            given["spec"],
            tuple(given["overrides"]),
            given["fold"],
            given["member"],
        )


@dataclass(slots=True)
class RunPlanner:
    """Resolves points to runs; the same run is planned once, and `duplicate_count` counts those that were met again."""

    definition: SweepDefinition
    duplicate_count: int = 0
    alike: dict[str, str] = field(default_factory=dict)
    """Variants that are the same run as an earlier one, by their words: the words of the earlier one."""
    _problems: dict[Problem, None] = field(default_factory=dict)
    _runs_by_digest: dict[str, PlannedRun] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def plan_trials(self, drawn: Iterable[Point] = ((),)) -> list[list[PlannedRun]]:
        """The runs of all variants, a list for each trial, `drawn` being what was drawn for it.

        Raises SpecError with everything that is wrong with any of them.
        """
        return [
            [run for variant in self._plan_variants(point) for run in variant] for point in self._check_trials(drawn)
        ]

    def _check_trials(self, drawn: Iterable[Point]) -> Iterator[Point]:
        """Trial by trial, and at the end the problems of all."""
        yield from drawn
        if self._problems:
            raise SpecError(sort_problems(self._problems))

    def _plan_variants(self, drawn: Point) -> Iterator[list[PlannedRun]]:
        for name, point in self.definition.expand_points(drawn):
            try:
                yield list(self._plan_variant(name, point))
            except SpecError as error:
                self._problems |= dict.fromkeys(error.problems)
                if len(self._problems) >= MAX_PROBLEMS:
                    raise SpecError(sort_problems(self._problems)) from None

    def _plan_variant(self, name: str, point: Point) -> Iterator[PlannedRun]:
        """The runs of one variant: for each seed, fold and member of an ensemble."""
        values = {"variant": name} if name else {}
        for assignment in point[len(self._find_named_point(name)) :]:
            values |= flatten_value(assignment.path, assignment.value.make_plain())
        for fold in range(self.definition.settings.folds or 1):
            spec, overrides = self._resolve_point((*point, *self._make_fold_point(fold)))
            values = trained_cells(values, resolved.make_plain_spec(spec))
            if self.definition.settings.ensemble:
                check_ensemble_members(spec, self.definition.settings.ensemble, self.definition.places["ensemble"])
            for seed in self.definition.seeds or (spec.seed,):
                for member in range(self._count_members()):
                    yield from self._plan_run(spec, overrides, values, seed, fold, member)

    def _note_alike(self, values: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """Remember two variants of different words that are the same run."""
        words, of_first = format_label(values, values), format_label(first, first)
        if words != of_first:
            self.alike[words] = of_first

    def _find_named_point(self, name: str) -> Point:
        return next((named.point for named in self.definition.variants if named.name == name), ())

    def _count_members(self) -> int:
        ensemble = self.definition.settings.ensemble
        return 1 if not ensemble or ensemble.snapshots else ensemble.member_count

    def _make_fold_point(self, fold: int) -> Point:
        folds = self.definition.settings.folds
        if not folds:
            return ()
        place = self.definition.base.place
        value = build_tree({"folds": folds, "fold": fold}, place)
        return (Assignment(FOLD, value, place),)

    def _resolve_point(self, point: Point) -> tuple[AnySpec, tuple[str, ...]]:
        """The spec of a point, and the overrides that make it of the base spec."""
        root = self.definition.base.copy()
        problems: list[Problem] = []
        for assignment in point:
            try:
                insert_value(root, assignment.path, assignment.value, assignment.place)
            except SpecError as error:
                problems += error.problems
        if problems:
            raise SpecError(problems)
        overrides = as_overrides((*remaining(self.definition.fixed, point), *point))
        origin = Origin(self.definition.base_text, overrides)
        return build_spec(root, origin, name=self.definition.base_name), origin.overrides

    def _plan_run(
        self,
        spec: AnySpec,
        overrides: tuple[str, ...],
        values: Mapping[str, Any],
        seed: int,
        fold: int,
        member: int,
    ) -> Iterator[PlannedRun]:
        """The run with this seed, unless it is planned already."""
        common, members = self.definition.settings, self._count_members()
        own = seed * members + member
        spec = replace(spec, seed=own)
        overrides = (*overrides, f"seed={own}") if self.definition.seeds or members > 1 else overrides
        if common.ensemble and common.ensemble.bagging:
            spec = replace(spec, data=replace(spec.data, split=replace(spec.data.split, bootstrap=own)))
            overrides = (*overrides, f"data.split.bootstrap={own}")
        digest = meaning(spec)
        if digest in self._runs_by_digest:
            self.duplicate_count += 1
            self._note_alike(values, self._runs_by_digest[digest].values)
            return
        run = make_folder_name(spec)
        if run in self._names:
            run = make_folder_name(spec, LONG_HASH_DIGITS)
        self._names.add(run)
        self._runs_by_digest[digest] = PlannedRun(
            run,
            json.dumps(values, sort_keys=True),
            seed,
            values,
            resolved.make_plain_spec(spec),
            overrides,
            fold if common.folds else None,
            member if members > 1 else None,
        )
        yield self._runs_by_digest[digest]


def flatten_value(path: str, value: Any) -> dict[str, Any]:
    """A value as cells of a table: a component as its name and its parameters, a list as text.

    >>> flatten_value("optimizer", {"adam": {"lr": 0.1}})
    {'optimizer': 'adam', 'optimizer.adam.lr': 0.1}
    """
    if isinstance(value, list):
        return {path: format_flow(value)}
    if not isinstance(value, dict):
        return {path: value}
    if len(value) != 1:
        return _flatten_entries(path, value)
    [(name, parameters)] = value.items()
    here = join_path(path, name)
    if isinstance(parameters, dict | None):
        return {path: name, **_flatten_entries(here, parameters or {})}
    return {path: name, here: parameters}


def _flatten_entries(path: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of all entries."""
    return {k: v for key, child in entries.items() for k, v in flatten_value(join_path(path, key), child).items()}


def resolve_base(definition: SweepDefinition) -> dict[str, Any]:
    """The base spec, resolved, whatever varies. Raises SpecError where it is wrong by itself; {} where it must vary."""
    try:
        spec = build_spec(definition.base.copy(), Origin(definition.base_text), name=definition.base_name)
    except SpecError:
        return {}
    return resolved.make_plain_spec(spec)


def format_label(values: Mapping[str, Any], columns: Iterable[str]) -> str:
    """A variant in a few words.

    >>> format_label({"optimizer.adam.lr": 0.01, "activation": "relu"}, ["optimizer.adam.lr", "activation"])
    'lr=0.01 activation=relu'
    """
    names = shorten_names(columns)
    return (
        " ".join(f"{names[c]}={_format_value(values[c])}" if c != "variant" else str(values[c]) for c in values)
        or "base"
    )


def shorten_names(columns: Iterable[str]) -> dict[str, str]:
    """Each column's last word, or as much more of it as tells it from the others.

    >>> shorten_names(["optimizer.adam.lr", "optimizer.sgd.lr", "activation"])
    {'optimizer.adam.lr': 'adam.lr', 'optimizer.sgd.lr': 'sgd.lr', 'activation': 'activation'}
    """
    columns = list(columns)
    names: dict[str, str] = {}
    for column in columns:
        words = column.split(".")
        for count in range(1, len(words) + 1):
            name = ".".join(words[-count:])
            if sum(other == name or other.endswith(f".{name}") for other in columns) == 1:
                break
        names[column] = name
    return names


def _format_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else format_flow(value)
