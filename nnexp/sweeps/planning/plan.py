"""From the definition of a sweep to its runs: every one resolved and checked before any is trained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
from nnexp.spec.yaml import build_tree, format_flow
from nnexp.sweeps.definition.command_line import insert_value
from nnexp.sweeps.definition.conflicts import BOOTSTRAP, FOLD, merge_points
from nnexp.sweeps.definition.definition import Point, SweepDefinition, as_overrides
from nnexp.sweeps.planning.labels import flatten_value, format_label
from nnexp.sweeps.planning.record import format_meaning, resolve_cells
from nnexp.sweeps.running.objective import measure_objective
from nnexp.sweeps.running.snapshots import check_ensemble_members

MAX_PROBLEMS = 50
"""Different problems after which the planning stops: nobody reads on."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a sweep.

    run: the name of its folder. variant: what it shares with the runs that differ in seed, fold or member alone.
    values: what varies, by column. member: its number in an ensemble.
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
        """The resolved spec as components; it was checked when it was planned."""
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
    """Resolves points to runs. The same run is planned once; `duplicate_count` counts the points that repeat one."""

    definition: SweepDefinition
    duplicate_count: int = 0
    alike: dict[str, str] = field(default_factory=dict)
    """The labels of variants that are the same run as an earlier one, each with the label of that one."""
    _problems: dict[Problem, None] = field(default_factory=dict)
    _runs_by_digest: dict[str, PlannedRun] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def plan_trials(self, drawn: Iterable[Point] = ((),)) -> list[list[PlannedRun]]:
        """The runs of all variants, a list for each trial; `drawn` holds the drawn values of each.

        Raises SpecError with everything that is wrong with any of them.
        """
        trials = [self._plan_trial(point) for point in drawn]
        if self._problems:
            raise SpecError(sort_problems(self._problems))
        return trials

    def _plan_trial(self, drawn: Point) -> list[PlannedRun]:
        """The runs of all variants of one trial; problems are collected."""
        runs = []
        for name, point in self.definition.expand_points(drawn):
            try:
                runs += self._plan_variant(name, point)
            except SpecError as error:
                # A dictionary for a set in order: the same mistake in many variants is one problem.
                self._problems |= dict.fromkeys(error.problems)
                if len(self._problems) >= MAX_PROBLEMS:
                    raise SpecError(sort_problems(self._problems)) from None
        return runs

    def _plan_variant(self, name: str, point: Point) -> list[PlannedRun]:
        """The runs of one variant: for each seed, fold and member of an ensemble."""
        settings = self.definition.settings
        runs = []
        values = self._collect_values(name, point)
        for fold in range(settings.folds or 1):
            spec, overrides = self._resolve_point((*point, *self._make_fold_point(fold)))
            values = resolve_cells(values, resolved.make_plain_spec(spec))
            if settings.ensemble:
                check_ensemble_members(spec, settings.ensemble, self.definition.places["ensemble"])
            for seed in self.definition.seeds or (spec.seed,):
                for member in range(self._count_members()):
                    run = self._plan_run(spec, overrides, values, seed, fold, member)
                    if run:
                        runs.append(run)
        return runs

    def _collect_values(self, name: str, point: Point) -> dict[str, Any]:
        """What varies of a variant, by column; a name stands for the values that it was given with."""
        values: dict[str, Any] = {}
        if name:
            values["variant"] = name
            point = point[len(self._find_named_point(name)) :]
        for assignment in point:
            values |= flatten_value(assignment.path, assignment.value.make_plain())
        return values

    def _find_named_point(self, name: str) -> Point:
        return next(named.point for named in self.definition.variants if named.name == name)

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
        overrides = as_overrides(merge_points(self.definition.fixed, point))
        origin = Origin(self.definition.base_text, overrides)
        written = build_spec(root, origin, name=self.definition.base_name)
        spec = measure_objective(self.definition, written)
        if spec is not written:
            overrides = (*overrides, f"metrics={format_flow(resolved.make_plain_value(spec.metrics))}")
            spec = replace(spec, origin=Origin(self.definition.base_text, overrides))
        return spec, overrides

    def _plan_run(
        self,
        spec: AnySpec,
        overrides: tuple[str, ...],
        values: Mapping[str, Any],
        seed: int,
        fold: int,
        member: int,
    ) -> PlannedRun | None:
        """The run with this seed, or None if it is planned already."""
        settings, members = self.definition.settings, self._count_members()
        # Each member has a seed of its own, and seeds side by side share none.
        own_seed = seed * members + member
        spec = replace(spec, seed=own_seed)
        if self.definition.seeds or members > 1:
            overrides = (*overrides, f"seed={own_seed}")
        if settings.ensemble and settings.ensemble.bagging:
            split = replace(spec.data.split, bootstrap=own_seed)
            spec = replace(spec, data=replace(spec.data, split=split))
            overrides = (*overrides, f"{BOOTSTRAP}={own_seed}")
        digest = format_meaning(spec)
        if digest in self._runs_by_digest:
            self.duplicate_count += 1
            self._note_alike(values, self._runs_by_digest[digest].values)
            return None
        run = PlannedRun(
            self._choose_name(spec),
            json.dumps(values, sort_keys=True),
            seed,
            values,
            resolved.make_plain_spec(spec),
            overrides,
            fold if settings.folds else None,
            member if members > 1 else None,
        )
        self._runs_by_digest[digest] = run
        return run

    def _choose_name(self, spec: AnySpec) -> str:
        """The folder of a run, with a longer hash if two runs of the sweep share the first digits of it."""
        name = make_folder_name(spec)
        if name in self._names:
            name = make_folder_name(spec, LONG_HASH_DIGITS)
        self._names.add(name)
        return name

    def _note_alike(self, values: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """Remember two variants of different labels that are the same run."""
        label, first_label = format_label(values, values), format_label(first, first)
        if label != first_label:
            self.alike[label] = first_label


def group_by_variant(runs: Iterable[PlannedRun]) -> dict[str, list[PlannedRun]]:
    """The runs of each variant, in the order of the plan."""
    groups: dict[str, list[PlannedRun]] = {}
    for run in runs:
        groups.setdefault(run.variant, []).append(run)
    return groups


def build_base(definition: SweepDefinition) -> AnySpec | None:
    """The base spec before anything varies; None if it is wrong without the values of the sweep."""
    origin = Origin(definition.base_text, definition.overrides)
    try:
        return build_spec(definition.base.copy(), origin, name=definition.base_name)
    except SpecError:
        return None


def resolve_base(definition: SweepDefinition) -> dict[str, Any]:
    """The base spec, resolved; {} if it is wrong without the values of the sweep."""
    spec = build_base(definition)
    return resolved.make_plain_spec(spec) if spec else {}
