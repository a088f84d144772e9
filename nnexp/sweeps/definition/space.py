"""Values to try: lists of them, distributions to draw them from, and both inside other values.

`{log_uniform: [1e-4, 1e-1]}` stands for a number, `{choice: [relu, tanh]}` for one of several values, which may hold
further distributions: so a parameter exists only with one choice of another. In a grid `{grid: [1e-3, 1e-2]}` stands
for each of its values in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node, join_path

GRID_KEY = "grid"
CHOICE_KEY = "choice"
NUMBER_KEYS = ("uniform", "log_uniform", "integer", "log_integer")

SIGNIFICANT_DIGITS = 4
"""Significant digits of a drawn number: no result depends on more, and people read it."""


@dataclass(frozen=True, slots=True)
class SearchDimension:
    """One number to draw, by the path of its place: from `low` to `high`, or an index below `high` of choices."""

    path: str
    kind: str
    low: float
    high: float

    @property
    def is_log(self) -> bool:
        return self.kind.startswith("log")

    @property
    def is_whole(self) -> bool:
        return self.kind.endswith("integer") or self.kind == CHOICE_KEY

    def compute_value(self, u: float) -> float | int:
        """The value at a point u of [0, 1): equal stretches of it stand for equally likely values."""
        if self.kind == CHOICE_KEY:
            return int(u * self.high)
        # The upper bound of whole numbers is one of them: rounded down, it needs a stretch of its own.
        high = self.high + 1 if self.is_whole else self.high
        if self.is_log:
            value = math.exp(math.log(self.low) + u * (math.log(high) - math.log(self.low)))
        else:
            value = self.low + u * (high - self.low)
        if self.is_whole:
            return min(max(math.floor(value), int(self.low)), int(self.high))  # exp(log(x)) may miss x by a bit
        return self.round_value(value)

    def round_value(self, value: float) -> float:
        """The number with few digits, within the bounds.

        >>> SearchDimension("lr", "uniform", 0.0, 1.0).round_value(0.123456)
        0.1235
        """
        return min(max(float(f"{value:.{SIGNIFICANT_DIGITS}g}"), self.low), self.high)


DrawValue: TypeAlias = Callable[[SearchDimension], float | int]
"""Gives a dimension its value."""


def expand_grid(node: Node) -> Iterator[Node]:
    """Every value that a value with `{grid: [...]}` inside stands for."""
    if has_only_key(node, GRID_KEY):
        for entry in _list_entries(node, GRID_KEY):
            yield from expand_grid(entry)
    elif isinstance(node.value, dict):
        for values in product(*map(expand_grid, node.value.values())):
            yield Node(dict(zip(node.value, values, strict=True)), node.place, node.keys)
    elif isinstance(node.value, list):
        for values in product(*map(expand_grid, node.value)):
            yield Node(list(values), node.place)
    else:
        yield node


def count_values(node: Node) -> int:
    """How many values `expand_grid` gives."""
    if has_only_key(node, GRID_KEY):
        return sum(map(count_values, _list_entries(node, GRID_KEY)))
    return math.prod(count_values(child) for _, child in _list_children(node))


def draw_values(node: Node, path: str, draw: DrawValue) -> Node:
    """The value with every distribution in it replaced by a drawn value."""
    kind = find_distribution(node)
    if kind:
        value = draw(make_dimension(kind, node, path))
        if kind != CHOICE_KEY:
            return Node(value, node.place)
        chosen = _list_entries(node, CHOICE_KEY)[int(value)]
        return draw_values(chosen, join_path(path, str(value)), draw)
    drawn = {key: draw_values(child, join_path(path, key), draw) for key, child in _list_children(node)}
    if isinstance(node.value, dict):
        return Node(drawn, node.place, node.keys)
    return Node(list(drawn.values()), node.place) if isinstance(node.value, list) else node


def find_dimensions(node: Node, path: str) -> Iterator[SearchDimension]:
    """Every number that may have to be drawn, whatever the choices."""
    kind = find_distribution(node)
    children = _list_children(node)
    if kind:
        yield make_dimension(kind, node, path)
        # The bounds of a number hold nothing to draw; the choices count from 0 below the choice itself.
        [(_, entries)] = children
        children = _list_children(entries) if kind == CHOICE_KEY else []
    for key, child in children:
        yield from find_dimensions(child, join_path(path, key))


def make_dimension(kind: str, node: Node, path: str) -> SearchDimension:
    """The dimension of a distribution that is known to be right."""
    entries = _list_entries(node, kind)
    if kind == CHOICE_KEY:
        return SearchDimension(path, kind, 0, len(entries))
    low, high = (entry.value for entry in entries)
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return SearchDimension(path, kind, low, high)


def find_problems(node: Node, path: str, *, drawing: bool) -> Iterator[Problem]:
    """What is wrong with the distributions, or in a grid the lists, in a value."""
    if isinstance(node.value, dict):
        kind = find_distribution(node)
        if not drawing and has_only_key(node, GRID_KEY):
            yield from _find_list_problems(node.value[GRID_KEY], join_path(path, GRID_KEY))
        if kind and not drawing:
            message = f"{kind} draws numbers at random, and a grid has none"
            yield Problem(node.place, path, message, "write `{grid: [...]}`, or use random: or sobol:")
        elif kind:
            find = _find_list_problems if kind == CHOICE_KEY else _find_bound_problems
            yield from find(node.value[kind], join_path(path, kind))
    for key, child in _list_children(node):
        yield from find_problems(child, join_path(path, key), drawing=drawing)


def find_distribution(node: Node) -> str | None:
    """The distribution that a value is, if it is one; a component of the same name has a mapping of parameters."""
    for kind in (*NUMBER_KEYS, CHOICE_KEY):
        if has_only_key(node, kind):
            assert isinstance(node.value, dict)
            return None if isinstance(node.value[kind].value, dict) else kind
    return None


def has_only_key(node: Node, word: str) -> bool:
    """Whether a value is a mapping of this word alone."""
    return isinstance(node.value, dict) and list(node.value) == [word]


def describe_found(node: Node) -> str:
    """What stands where something else was expected, in words."""
    if node.value == []:
        return "an empty list"
    if node.value == {}:
        return "an empty mapping"
    return node.describe()


def _list_entries(node: Node, key: str) -> list[Node]:
    """The entries of the list below the only key of a mapping."""
    assert isinstance(node.value, dict)
    entries = node.value[key].value
    assert isinstance(entries, list)
    return entries


def _list_children(node: Node) -> list[tuple[str, Node]]:
    """The values inside a value, by their keys or numbers."""
    if isinstance(node.value, dict):
        return list(node.value.items())
    if isinstance(node.value, list):
        return [(str(index), child) for index, child in enumerate(node.value)]
    return []


def _find_list_problems(arguments: Node, path: str) -> Iterator[Problem]:
    if not isinstance(arguments.value, list) or not arguments.value:
        yield Problem(arguments.place, path, f"expected a list of values, found {describe_found(arguments)}")


def _find_bound_problems(arguments: Node, path: str) -> Iterator[Problem]:
    kind = path.rpartition(".")[2]
    whole = kind.endswith("integer")
    entries = arguments.value if isinstance(arguments.value, list) else []
    numbers = [_parse_number(entry, whole=whole) for entry in entries]
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        expected = "two whole numbers" if whole else "two numbers"
        yield Problem(arguments.place, path, f"expected {expected}, [low, high], found {arguments.describe()}")
        return
    low, high = numbers[0], numbers[1]
    if low >= high:
        message = f"the lower bound {low} is not below the upper bound {high}"
        yield Problem(arguments.place, path, message, f"[{high}, {low}]?")
    elif kind.startswith("log") and low <= 0:
        yield Problem(entries[0].place, path, f"{low} has no logarithm", "the bounds of a log scale are larger than 0")


def _parse_number(node: Node, *, whole: bool) -> float | int | None:
    """A finite number, None for anything else; a bool is an int in Python, but no number here."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if whole and not isinstance(value, int):
        return None
    return value if math.isfinite(value) else None
