"""Keys that are given values one after another: what a later one says may not wipe out what an earlier one said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nnexp.spec.problems import Place, Problem
from nnexp.spec.yaml import Node, format_flow, join_path
from nnexp.wording import shorten_text


@dataclass(frozen=True, slots=True)
class Assignment:
    """One key of the spec and its value; `place` is where the key is written."""

    path: str
    value: Node
    place: Place


WrittenPaths: TypeAlias = Callable[[Node, str], Iterator[str]]
"""Gives the path of each single value that is written in a value."""


def written_paths(node: Node, path: str) -> Iterator[str]:
    """The path of each single value in a value; of an empty list or mapping its own.

    >>> from nnexp.spec.problems import SpecText
    >>> from nnexp.spec.yaml import parse_yaml
    >>> list(written_paths(parse_yaml(SpecText("value", "{adam: {lr: 0.1, betas: [1, 2]}}")), "optimizer"))
    ['optimizer.adam.lr', 'optimizer.adam.betas.0', 'optimizer.adam.betas.1']
    """
    if isinstance(node.value, dict) and node.value:
        for key, child in node.value.items():
            yield from written_paths(child, join_path(path, key))
    elif isinstance(node.value, list) and node.value:
        for index, child in enumerate(node.value):
            yield from written_paths(child, join_path(path, str(index)))
    else:
        yield path


def is_within(path: str, other: str) -> bool:
    """Whether a key is another one, or stands below it.

    >>> is_within("optimizer.adam.lr", "optimizer"), is_within("optimizer", "optimizer.adam")
    (True, False)
    """
    return path == other or path.startswith(f"{other}.")


def wipes_out(later: str, first: Assignment, paths_of: WrittenPaths = written_paths) -> bool:
    """Whether a value for the key `later` replaces something that the first assignment said."""
    return any(is_within(path, later) for path in paths_of(first.value, first.path))


def find_conflict(
    first: Assignment, later: Assignment, paths_of: WrittenPaths = written_paths, *, ordered: bool = True
) -> Problem | None:
    """What is wrong where the later assignment wipes out something of the first one.

    `ordered` says that the user decides by their order which of the two comes first.
    """
    if not wipes_out(later.path, first, paths_of):
        return None
    where = place_in_words(first.place)
    if first.path == later.path:
        return Problem(later.place, later.path, f"given twice, first in {where}", "keep one of them")
    if is_within(later.path, first.path):
        message = f"{first.path} in {where} gives it a value already, which this would replace"
        suggestion = f"put this into the value of {first.path}, or leave it out there"
        return Problem(later.place, later.path, message, suggestion)
    message = f"this replaces all of {later.path}: {first.path} in {where} would be lost"
    return Problem(later.place, later.path, message, _suggest_both(first, later, ordered=ordered))


def find_conflicts(assignments: Sequence[Assignment]) -> list[Problem]:
    """Each assignment that wipes out an earlier one, with the first that it does."""
    problems = []
    for number, later in enumerate(assignments):
        for first in assignments[:number]:
            conflict = find_conflict(first, later)
            if conflict:
                problems.append(conflict)
                break  # one problem an assignment: to mend it is to mend the others
    return problems


def place_in_words(place: Place) -> str:
    """Where something is written: override 1, or study.yaml:3."""
    if place.text.override_number:
        return place.text.name
    return f"{place.text.name}:{place.line}"


def _suggest_both(first: Assignment, later: Assignment, *, ordered: bool) -> str:
    """How to say both: in the other order where the later value has the first one's key, or as one value."""
    keys = first.path.removeprefix(f"{later.path}.").split(".")
    nested = first.value.make_plain()
    for key in reversed(keys):
        nested = {key: nested}
    if ordered and has_mapping_at(later.value, keys):
        return f"write {_format_assignment(later)} first, then {_format_assignment(first)}"
    return f"keep one of them, or give one whole value: {later.path}={shorten_text(format_flow(nested))}"


def has_mapping_at(node: Node, keys: Sequence[str]) -> bool:
    """Whether the keys can be put into a value without another component taking its place."""
    for key in keys[:-1]:
        if node.value == key:
            return True
        if not isinstance(node.value, dict) or key not in node.value:
            return False
        node = node.value[key]
    return isinstance(node.value, dict)


def _format_assignment(assignment: Assignment) -> str:
    return f"{assignment.path}={shorten_text(format_flow(assignment.value.make_plain()))}"
