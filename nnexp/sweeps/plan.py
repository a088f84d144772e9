"""From the definition of a sweep to its runs: every one resolved and checked before any is trained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nnexp.errors import SpecError
from nnexp.runs.folder import LONG, name_of
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec
from nnexp.spec.conflicts import Assignment
from nnexp.spec.load import from_resolved, from_tree
from nnexp.spec.problems import Problem, in_order
from nnexp.spec.sections import Origin
from nnexp.spec.text import flow, join, tree
from nnexp.sweeps.conflicts import FOLD, remaining
from nnexp.sweeps.definition import Definition, Point, as_overrides
from nnexp.sweeps.record import meaning, trained_cells
from nnexp.sweeps.snapshots import check
from nnexp.sweeps.words import put_into

MOST_PROBLEMS = 50
"""After so many different mistakes nobody reads on."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One run that shall exist.

    run: the name of its folder. variant: what it shares with the runs that differ in seed, fold or member alone.
    values: what varies, by column. ensemble: the name of the ensemble that it is a member of, where it is of one.
    """

    run: str
    variant: str
    seed: int
    values: Mapping[str, Any]
    plain: Mapping[str, Any] = field(repr=False)
    overrides: tuple[str, ...] = field(repr=False)
    fold: int | None = None
    member: int | None = None

    def spec(self, base_text: str) -> AnySpec:
        """The resolved spec as components. It is not checked again, as it was when it was planned."""
        return from_resolved(self.plain, self.run, Origin(base_text, self.overrides))

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
            "spec": dict(self.plain),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Planned:
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
class Planning:
    """Resolves points to runs; the same run is planned once, and `same` counts those that were met again."""

    definition: Definition
    same: int = 0
    alike: dict[str, str] = field(default_factory=dict)
    """Variants that are the same run as an earlier one, by their words: the words of the earlier one."""
    _problems: dict[Problem, None] = field(default_factory=dict)
    _known: dict[str, Planned] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def trials(self, drawn: Iterable[Point] = ((),)) -> list[list[Planned]]:
        """The runs of all variants, a list for each trial, `drawn` being what was drawn for it.

        Raises SpecError with everything that is wrong with any of them.
        """
        return [[run for variant in self._variants(point) for run in variant] for point in self._sound(drawn)]

    def _sound(self, drawn: Iterable[Point]) -> Iterator[Point]:
        """Trial by trial, and at the end the problems of all."""
        yield from drawn
        if self._problems:
            raise SpecError(in_order(self._problems))

    def _variants(self, drawn: Point) -> Iterator[list[Planned]]:
        for name, point in self.definition.points(drawn):
            try:
                yield list(self._variant(name, point))
            except SpecError as error:
                self._problems |= dict.fromkeys(error.problems)
                if len(self._problems) >= MOST_PROBLEMS:
                    raise SpecError(in_order(self._problems)) from None

    def _variant(self, name: str, point: Point) -> Iterator[Planned]:
        """The runs of one variant: for each seed, fold and member of an ensemble."""
        values = {"variant": name} if name else {}
        for assignment in point[len(self._named(name)) :]:
            values |= flat(assignment.path, assignment.value.plain())
        for fold in range(self.definition.common.folds or 1):
            spec, overrides = self._resolved((*point, *self._fold(fold)))
            values = trained_cells(values, resolved.plain(spec))
            if self.definition.common.ensemble:
                check(spec, self.definition.common.ensemble, self.definition.places["ensemble"])
            for seed in self.definition.seeds or (spec.seed,):
                for member in range(self._members()):
                    yield from self._run(spec, overrides, values, seed, fold, member)

    def _note_alike(self, values: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """Remember two variants of different words that are the same run."""
        words, of_first = label(values, values), label(first, first)
        if words != of_first:
            self.alike[words] = of_first

    def _named(self, name: str) -> Point:
        return next((named.point for named in self.definition.variants if named.name == name), ())

    def _members(self) -> int:
        ensemble = self.definition.common.ensemble
        return 1 if not ensemble or ensemble.snapshots else ensemble.size

    def _fold(self, fold: int) -> Point:
        folds = self.definition.common.folds
        if not folds:
            return ()
        place = self.definition.base.place
        value = tree({"folds": folds, "fold": fold}, place)
        return (Assignment(FOLD, value, place),)

    def _resolved(self, point: Point) -> tuple[AnySpec, tuple[str, ...]]:
        """The spec of a point, and the overrides that make it of the base spec."""
        root = self.definition.base.copy()
        problems: list[Problem] = []
        for assignment in point:
            try:
                put_into(root, assignment.path, assignment.value, assignment.place)
            except SpecError as error:
                problems += error.problems
        if problems:
            raise SpecError(problems)
        overrides = as_overrides((*remaining(self.definition.fixed, point), *point))
        origin = Origin(self.definition.base_text, overrides)
        return from_tree(root, origin, name=self.definition.base_name), origin.overrides

    def _run(
        self,
        spec: AnySpec,
        overrides: tuple[str, ...],
        values: Mapping[str, Any],
        seed: int,
        fold: int,
        member: int,
    ) -> Iterator[Planned]:
        """The run with this seed, unless it is planned already."""
        common, members = self.definition.common, self._members()
        own = seed * members + member
        spec = replace(spec, seed=own)
        overrides = (*overrides, f"seed={own}") if self.definition.seeds or members > 1 else overrides
        if common.ensemble and common.ensemble.bagging:
            spec = replace(spec, data=replace(spec.data, split=replace(spec.data.split, bootstrap=own)))
            overrides = (*overrides, f"data.split.bootstrap={own}")
        digest = meaning(spec)
        if digest in self._known:
            self.same += 1
            self._note_alike(values, self._known[digest].values)
            return
        run = name_of(spec)
        if run in self._names:
            run = name_of(spec, LONG)
        self._names.add(run)
        self._known[digest] = Planned(
            run,
            json.dumps(values, sort_keys=True),
            seed,
            values,
            resolved.plain(spec),
            overrides,
            fold if common.folds else None,
            member if members > 1 else None,
        )
        yield self._known[digest]


def flat(path: str, value: Any) -> dict[str, Any]:
    """A value as cells of a table: a component as its name and its parameters, a list as text.

    >>> flat("optimizer", {"adam": {"lr": 0.1}})
    {'optimizer': 'adam', 'optimizer.adam.lr': 0.1}
    """
    if isinstance(value, list):
        return {path: flow(value)}
    if not isinstance(value, dict):
        return {path: value}
    if len(value) != 1:
        return _below(path, value)
    [(name, parameters)] = value.items()
    here = join(path, name)
    if isinstance(parameters, dict | None):
        return {path: name, **_below(here, parameters or {})}
    return {path: name, here: parameters}


def _below(path: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of all entries."""
    return {k: v for key, child in entries.items() for k, v in flat(join(path, key), child).items()}


def base_of(definition: Definition) -> dict[str, Any]:
    """The base spec, resolved, whatever varies. Raises SpecError where it is wrong by itself; {} where it must vary."""
    try:
        spec = from_tree(definition.base.copy(), Origin(definition.base_text), name=definition.base_name)
    except SpecError:
        return {}
    return resolved.plain(spec)


def label(values: Mapping[str, Any], columns: Iterable[str]) -> str:
    """A variant in a few words.

    >>> label({"optimizer.adam.lr": 0.01, "activation": "relu"}, ["optimizer.adam.lr", "activation"])
    'lr=0.01 activation=relu'
    """
    names = short_names(columns)
    return " ".join(f"{names[c]}={_word(values[c])}" if c != "variant" else str(values[c]) for c in values) or "base"


def short_names(columns: Iterable[str]) -> dict[str, str]:
    """Each column's last word, or as much more of it as tells it from the others.

    >>> short_names(["optimizer.adam.lr", "optimizer.sgd.lr", "activation"])
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


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else flow(value)
