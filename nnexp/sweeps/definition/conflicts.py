"""Whether each value of a sweep gets into its runs, and none replaces another unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from nnexp.errors import SpecError
from nnexp.spec.conflicts import (
    Assignment,
    find_conflict,
    find_conflicts,
    is_within,
    place_in_words,
    wipes_out,
    written_paths,
)
from nnexp.spec.overrides import put_value
from nnexp.spec.problems import Problem, sort_problems
from nnexp.spec.yaml import Node, join_path
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.definition import Point, SweepAxis, SweepDefinition, has_values, make_plain_values
from nnexp.sweeps.definition.varied_components import find_missing_components

FOLD = "data.split.k_fold"
"""What `folds` sets in each run."""

BOOTSTRAP = "data.split.bootstrap"
"""What bagging sets in each member."""


def check_definition(definition: SweepDefinition) -> None:
    """Raises SpecError if a value of the sweep would be lost in its runs, or a pattern excludes nothing."""
    problems = list(find_missing_components(definition))
    if problems:
        # A value that replaces another is the same mistake once more.
        raise SpecError(sort_problems(problems))
    problems = find_conflicts(definition.fixed)
    problems += _find_varied_conflicts(definition)
    problems += _find_fixed_conflicts(definition)
    problems += _find_reserved_keys(definition)
    problems += _find_vain_exclusions(definition)
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


def merge_points(fixed: Point, point: Point) -> Point:
    """The fixed values and those of a variant, as overrides of which none wipes out another.

    A fixed value that the variant replaces is left out, and what it changes within one is written into that one.
    """
    merged = [one for one in fixed if not any(is_within(one.path, later.path) for later in point)]
    fixed_count = len(merged)
    for later in point:
        for index, first in enumerate(merged[:fixed_count]):
            if wipes_out(later.path, first):
                merged[index] = _insert_part(first, later)
                break
        else:
            merged.append(later)
    return tuple(merged)


def _insert_part(whole: Assignment, part: Assignment) -> Assignment:
    value = whole.value.copy()
    put_value(value, part.path.removeprefix(f"{whole.path}."), part.value.copy(), part.place, part.value.raw)
    return replace(whole, value=value)


def _make_axis_assignment(axis: SweepAxis) -> Assignment:
    """All values of an axis as one that stands for each of them."""
    if len(axis.values) == 1:
        return Assignment(axis.path, axis.values[0], axis.place)
    values = Node(list(axis.values), axis.place)
    return Assignment(axis.path, Node({space.GRID_KEY: values}, axis.place), axis.place)


def _list_sequences(definition: SweepDefinition) -> list[list[Assignment]]:
    """What each named variant assigns, in its order; of a sweep without names, the one list of what varies."""
    shared = list(map(_make_axis_assignment, (*definition.zipped, *definition.grid)))
    if definition.sampled:
        shared += [Assignment(*key) for key in definition.sampled.keys]
    return [[*named.point, *shared] for named in definition.variants] or [shared]


def _find_varied_conflicts(definition: SweepDefinition) -> Iterator[Problem]:
    """Values of one variant that replace each other."""
    for sequence in _list_sequences(definition):
        for number, later in enumerate(sequence):
            for first in sequence[:number]:
                if first.path == later.path:
                    message = "it varies in two ways: only one of them would count"
                    suggestion = f"first in {_format_place(first)}: keep one of them"
                    yield Problem(later.place, later.path, message, suggestion)
                elif conflict := find_conflict(first, later, sweep_paths):
                    yield conflict
                    break


def _find_fixed_conflicts(definition: SweepDefinition) -> Iterator[Problem]:
    """Fixed values that no variant has, or that one has in part."""
    sequences = _list_sequences(definition)
    for first in definition.fixed:
        replacing = [_find_replacement(first, sequence) for sequence in sequences]
        if replacing[0] and all(replacing):
            conflict = _find_vain_value(first, replacing[0])
            if conflict:
                yield conflict
        for later in chain.from_iterable(sequences):
            if later.path != first.path and is_within(later.path, first.path):
                conflict = find_conflict(first, later, ordered=False)
                if conflict:
                    yield conflict


def _find_replacement(fixed: Assignment, sequence: list[Assignment]) -> Assignment | None:
    """The first assignment of a variant that replaces a fixed value."""
    return next((later for later in sequence if is_within(fixed.path, later.path)), None)


def _find_vain_value(fixed: Assignment, later: Assignment) -> Problem | None:
    """What is wrong with a fixed value that every variant replaces."""
    if fixed.path == later.path:
        message = f"it varies here, so the one value in {_format_place(fixed)} would hold for no run"
        return Problem(later.place, later.path, message, "keep one of them")
    return find_conflict(fixed, later, ordered=False)


def _find_reserved_keys(definition: SweepDefinition) -> Iterator[Problem]:
    """Values for what the sweep itself sets in every run."""
    suggestions = {}
    if definition.seeds:
        suggestions["seed"] = "the seeds of the sweep take its place: keep one of them"
    if definition.settings.folds:
        suggestions[FOLD] = "`folds` takes its place: keep one of them"
    if definition.settings.ensemble and definition.settings.ensemble.bagging:
        suggestions[BOOTSTRAP] = "bagging takes its place: keep one of them"
    for assignment in chain(definition.fixed, *_list_sequences(definition)):
        for path in sweep_paths(assignment.value, assignment.path):
            for key, suggestion in suggestions.items():
                if is_within(path, key):
                    yield Problem(assignment.place, assignment.path, f"no run would have this {key}", suggestion)
    for path, _, place in definition.sampled.keys if definition.sampled else ():
        if path == "seed":
            yield Problem(place, path, "a seed is no hyperparameter to draw", "write `seeds: [...]`")


def _find_vain_exclusions(definition: SweepDefinition) -> Iterator[Problem]:
    """Patterns that no variant can match."""
    if not definition.exclude:
        return
    drawn = {path: node for path, node, _ in definition.sampled.keys} if definition.sampled else {}
    variants = [make_plain_values(point) for point in definition.list_fixed_points()]
    for number, pattern in enumerate(definition.exclude):
        # Drawn values are not known yet: it is enough that they can be drawn.
        undrawn = {path: value for path, value in pattern.items() if path not in drawn}
        is_met = any(has_values(values, undrawn) for values in variants)
        can_be_drawn = all(_is_possible(drawn[path], value) for path, value in pattern.items() if path in drawn)
        if not is_met or not can_be_drawn:
            place = definition.exclude_places[number]
            message = "no variant of this sweep has these values, so nothing is excluded"
            yield Problem(place, f"exclude.{number}", message, "write each value just as it stands among those tried")


def _is_possible(node: Node, value: Any) -> bool:
    """Whether a value can be drawn; True if that cannot be told, as of a value with distributions inside."""
    kind = space.find_distribution(node)
    if kind is None or not isinstance(node.value, dict):
        return True
    entries = node.value[kind].make_plain()
    if kind == space.CHOICE_KEY:
        return value in entries or any(isinstance(entry, dict | list) for entry in entries)
    low, high = entries
    return isinstance(value, int | float) and low <= value <= high


def _format_place(assignment: Assignment) -> str:
    return place_in_words(assignment.place)
