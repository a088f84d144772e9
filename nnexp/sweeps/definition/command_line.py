"""From the arguments of a command to the definition of a sweep; every problem at its place.

`key=a,b,c` are values to try, `seed=0..4` a range, `key=value` holds for all runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nnexp.errors import SpecError
from nnexp.spec import read
from nnexp.spec.conflicts import Assignment
from nnexp.spec.overrides import parse_value, put_value
from nnexp.spec.problems import Place, Problem, SpecText, sort_problems
from nnexp.spec.sweep_words import RANGE_PATTERN, split_at_commas
from nnexp.spec.yaml import Node
from nnexp.spec.yaml import parse_yaml_with_problems as read_text
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.conflicts import check_definition
from nnexp.sweeps.definition.definition import SweepAxis, SweepDefinition

MAX_VALUES = 1_000_000
"""Values of one key; more are a slip, such as 0..1e9, and would fill the memory."""


def parse_command(path: Path, words: Sequence[str]) -> SweepDefinition:
    """The sweep over a spec that a command asks for: `key=a,b,c`, `seed=0..4`, or a fixed `key=value`."""
    text = read.read_spec_text(path)
    problems: list[Problem] = []
    base = parse_base_tree(text, problems)
    name = str(base.value["name"].value) if isinstance(base.value, dict) and "name" in base.value else path.stem
    definition = SweepDefinition(name, base, path.stem, text.byte_order_mark + text.content, (), "")
    definition = add_words(definition, problems, words)
    check_definition(definition)
    return definition


def parse_base_tree(text: SpecText, problems: list[Problem]) -> Node:
    """The tree of a base spec; problems of single values in it are collected. Raises SpecError if it has no tree."""
    root, found = read_text(text)
    if not isinstance(root.value, dict):
        raise SpecError(found or [Problem(root.place, "", f"expected a mapping, found {root.describe()}")])
    problems += found
    return root


def add_words(definition: SweepDefinition, problems: list[Problem], words: Sequence[str]) -> SweepDefinition:
    """The definition with the arguments of a command added. Raises SpecError if anything is wrong by now."""
    given: set[str] = set()
    for number, word in enumerate(words, start=1):
        text = SpecText(f"argument {number}", word, number)
        try:
            path, values = _parse_word(text)
            if len(values) > 1 or path not in definition.list_varying_keys():
                _check_given_once(text, path, values, given)
            given.add(path)
            definition = _add_word(definition, text, path, values)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(sort_problems(problems))
    return replace(definition, text="\n".join([definition.text, *words]))


def _check_given_once(text: SpecText, path: str, values: list[Node], given: set[str]) -> None:
    """Raises SpecError if an earlier argument of the command gave values to the same key."""
    if path in given:
        message = "given twice: write all its values in one word"
        if len(values) == 1 and path != "seed":
            message = "given twice: keep one of them, or write all values that are to be tried in one word"
        raise SpecError([Problem(Place(text, 1, 1, len(path)), path, message)])


def _add_word(definition: SweepDefinition, text: SpecText, path: str, values: list[Node]) -> SweepDefinition:
    """The definition with the values of one argument: several make an axis, one is fixed.

    They replace the values of the same key in a sweep file.
    """
    place = Place(text, 1, 1, len(path))
    definition = replace(definition, fixed=tuple(one for one in definition.fixed if one.path != path))
    if path == "seed":
        return replace(definition, seeds=parse_seeds(values), places={**definition.places, "seeds": place})
    if path == "name" and len(values) == 1 and isinstance(values[0].value, str):
        definition = replace(definition, name=values[0].value)
    if len(values) > 1 or space.count_values(values[0]) > 1:
        problems: list[Problem] = []
        for value in values:
            problems += space.find_problems(value, path, drawing=False)
        if problems:
            raise SpecError(problems)
        others = tuple(axis for axis in definition.grid if axis.path != path)
        return replace(definition, grid=(*others, SweepAxis(path, tuple(values), place)))
    if path in definition.list_varying_keys():
        message = "it varies in this sweep, so one value cannot hold for all runs"
        raise SpecError([Problem(place, path, message, "several values, with commas between them, replace a grid's")])
    insert_value(definition.base, path, values[0], place)
    fixed = Assignment(path, values[0], place)
    return replace(definition, fixed=(*definition.fixed, fixed))


def _parse_word(text: SpecText) -> tuple[str, list[Node]]:
    """The path and the values of an argument such as optimizer.adam.lr=1e-4,1e-3."""
    path, equals, raw = text.content.partition("=")
    if not equals or not path or not all(path.split(".")):
        message = "expected key.sub=value, or several values with commas between them"
        raise SpecError([Problem(Place(text, 1, 1, max(1, len(text.content))), "", message, "seed=0..4 is a range")])
    offset, values = len(path) + 1, []
    for start, piece in split_at_commas(raw):
        here = Place(text, 1, offset + start + 1, max(1, len(piece)))
        if not piece.strip() and "," in raw:
            raise SpecError([Problem(here, path, "a value is missing between the commas")])
        if range_ := RANGE_PATTERN.fullmatch(piece.strip()):
            values += _expand_range(int(range_[1]), int(range_[2]), here, path)
        elif piece.strip():
            padding = " " * (offset + start)  # keeps the columns of problems right
            values.append(parse_value(text, path, padding + piece))
        else:
            values.append(Node(None, here))
    return path, values


def _expand_range(first: int, last: int, place: Place, path: str) -> list[Node]:
    if last < first:
        raise SpecError([Problem(place, path, f"the range {first}..{last} is empty", f"{last}..{first}?")])
    if last - first >= MAX_VALUES:
        raise SpecError([Problem(place, path, f"the range {first}..{last} has more than {MAX_VALUES:,} values")])
    return [Node(value, place) for value in range(first, last + 1)]


def parse_seeds(values: Sequence[Node]) -> tuple[int, ...]:
    """Seeds. Raises SpecError if a value is no seed."""
    seeds = []
    for node in values:
        if isinstance(node.value, bool) or not isinstance(node.value, int) or node.value < 0:
            message = f"expected a whole number ≥ 0, found {node.describe()}"
            raise SpecError([Problem(node.place, "seed", message)])
        seeds.append(node.value)
    return tuple(seeds)


def insert_value(root: Node, path: str, value: Node, place: Place) -> None:
    """Put a copy of a value into a spec's tree. Raises SpecError if its path leads nowhere."""
    put_value(root, path, value.copy(), place, value.raw or str(value.make_plain()))
