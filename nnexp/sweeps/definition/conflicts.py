"""Whether each value that a sweep is said to have gets into its runs, and none takes the place of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from nnexp.errors import SpecError
from nnexp.spec.conflicts import Assignment, find_conflict, find_conflicts, is_within, place_in_words, written_paths
from nnexp.spec.problems import Problem, sort_problems
from nnexp.spec.yaml import Node, join_path
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.definition import Point, SweepAxis, SweepDefinition

FOLD = "data.split.k_fold"
"""What `folds` sets in each run."""

BOOTSTRAP = "data.split.bootstrap"
"""What bagging sets in each member."""


def check_definition(definition: SweepDefinition) -> None:
    """Raises SpecError where a value of the sweep would be lost in its runs, or a pattern excludes nothing."""
    problems = [*_fixed(definition), *_varied(definition), *_replaced(definition), *_reserved(definition)]
    problems += _excluded(definition)
    if problems:
        raise SpecError(sort_problems(problems))


def sweep_paths(node: Node, path: str) -> Iterator[str]:
    """The path of each single value in a value of a sweep: `{grid: [...]}` and distributions stand for values.

    >>> from nnexp.spec.problems import SpecText
    >>> from nnexp.spec.yaml import parse_yaml
    >>> list(sweep_paths(parse_yaml(SpecText("value", "{grid: [sgd, {adam: {lr: {uniform: [0, 1]}}}]}")), "optimizer"))
    ['optimizer', 'optimizer.adam.lr']
    """
    if not isinstance(node.value, dict):
        yield from written_paths(node, path)
        return
    kind = space.GRID_KEY if space.has_only_key(node, space.GRID_KEY) else space.find_distribution(node)
    if kind in (space.GRID_KEY, space.CHOICE_KEY):
        entries = node.value[kind].value
        assert isinstance(entries, list)
        for entry in entries:
            yield from sweep_paths(entry, path)
    elif kind or not node.value:
        yield path
    else:
        for key, child in node.value.items():
            yield from sweep_paths(child, join_path(path, key))


def remaining_values(fixed: Point, point: Point) -> Point:
    """The fixed values that a variant has as well: those that none of its own replaces."""
    return tuple(one for one in fixed if not any(is_within(one.path, later.path) for later in point))


def _fixed(definition: SweepDefinition) -> list[Problem]:
    """Fixed values that replace each other."""
    return find_conflicts(definition.fixed)


def _assigned(axis: SweepAxis) -> Assignment:
    """All values of an axis as one that stands for each of them."""
    if len(axis.values) == 1:
        return Assignment(axis.path, axis.values[0], axis.place)
    values = Node(list(axis.values), axis.place)
    return Assignment(axis.path, Node({space.GRID_KEY: values}, axis.place), axis.place)


def _sequences(definition: SweepDefinition) -> list[list[Assignment]]:
    """What each named variant assigns, in its order; of a sweep without names, the one list of what varies."""
    axes = [_assigned(axis) for axis in (*definition.zipped, *definition.grid)]
    drawn = definition.sampled.keys if definition.sampled else ()
    shared = [*axes, *(Assignment(path, node, place) for path, node, place in drawn)]
    return [[*named.point, *shared] for named in definition.variants] or [shared]


def _varied(definition: SweepDefinition) -> Iterator[Problem]:
    """Values of one variant that replace each other."""
    for sequence in _sequences(definition):
        for number, later in enumerate(sequence):
            for first in sequence[:number]:
                if first.path == later.path:
                    message = "it varies in two ways: only one of them would count"
                    yield Problem(later.place, later.path, message, f"first in {_where(first)}: keep one of them")
                elif conflict := find_conflict(first, later, sweep_paths):
                    yield conflict
                    break


def _replaced(definition: SweepDefinition) -> Iterator[Problem]:
    """Fixed values that no variant has, or that one has in part."""
    sequences = _sequences(definition)
    for first in definition.fixed:
        replacing = [next((a for a in s if is_within(first.path, a.path)), None) for s in sequences]
        if all(replacing) and replacing[0]:
            later = replacing[0]
            conflict = find_conflict(first, later, ordered=False)
            if first.path == later.path:
                message = f"it varies here, so the one value in {_where(first)} would hold for no run"
                conflict = Problem(later.place, later.path, message, "keep one of them")
            if conflict:
                yield conflict
        for later in chain.from_iterable(sequences):
            is_part = later.path != first.path and is_within(later.path, first.path)
            conflict = find_conflict(first, later, ordered=False) if is_part else None
            if conflict:
                yield conflict


def _reserved(definition: SweepDefinition) -> Iterator[Problem]:
    """Values for what the sweep itself sets in every run."""
    taken = {}
    if definition.seeds:
        taken["seed"] = "the seeds of the sweep take its place: keep one of them"
    if definition.settings.folds:
        taken[FOLD] = "`folds` takes its place: keep one of them"
    if definition.settings.ensemble and definition.settings.ensemble.bagging:
        taken[BOOTSTRAP] = "bagging takes its place: keep one of them"
    for assignment in chain(definition.fixed, *_sequences(definition)):
        for path in sweep_paths(assignment.value, assignment.path):
            for key, message in taken.items():
                if is_within(path, key):
                    yield Problem(assignment.place, assignment.path, f"no run would have this {key}", message)
    for path, _, place in definition.sampled.keys if definition.sampled else ():
        if path == "seed":
            yield Problem(place, path, "seeds are no parameter to be drawn", "write `seeds: [...]`")


def _excluded(definition: SweepDefinition) -> Iterator[Problem]:
    """Patterns that no variant can match."""
    drawn = {path: node for path, node, _ in definition.sampled.keys} if definition.sampled else {}
    points = definition.fixed_points() if definition.exclude else []
    known = [{a.path: a.value.make_plain() for a in point} for point in points]
    for number, pattern in enumerate(definition.exclude):
        of_points = {path: value for path, value in pattern.items() if path not in drawn}
        is_met = any(_has(values, of_points) for values in known)
        is_drawn = all(_can_be(drawn[path], value) for path, value in pattern.items() if path in drawn)
        if not is_met or not is_drawn:
            place = definition.exclude_places[number]
            message = "no variant of this sweep has these values, so nothing is excluded"
            yield Problem(place, f"exclude.{number}", message, "write each value just as it stands among those tried")


def _has(values: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    return all(path in values and values[path] == value for path, value in pattern.items())


def _can_be(node: Node, value: Any) -> bool:
    """Whether a value can be drawn; of values with several distributions inside this is not decided."""
    kind = space.find_distribution(node)
    if kind is None or not isinstance(node.value, dict):
        return True
    entries = node.value[kind].make_plain()
    if kind == space.CHOICE_KEY:
        is_plain = not any(isinstance(entry, dict | list) for entry in entries)
        return value in entries or not is_plain
    low, high = entries
    return isinstance(value, int | float) and low <= value <= high


def _where(assignment: Assignment) -> str:
    return place_in_words(assignment.place)
