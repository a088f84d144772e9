"""Values that are tried: lists of them, distributions that they are drawn from, and both inside of other values.

`{log_uniform: [1e-4, 1e-1]}` stands for a number, `{choice: [relu, tanh]}` for one of several values, in which further
distributions may stand: so a parameter exists with one choice of another only. In a grid `{grid: [1e-3, 1e-2]}` stands
for each of its values in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node, join_path

GRID_KEY = "grid"
CHOICE_KEY = "choice"
NUMBER_KEYS = ("uniform", "log_uniform", "integer", "log_integer")

SIGNIFICANT_DIGITS = 4
"""The significant digits of a number that is drawn: no result depends on more, and people read it."""


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
        high = self.high + 1 if self.is_whole else self.high
        if self.is_log:
            value = math.exp(math.log(self.low) + u * (math.log(high) - math.log(self.low)))
        else:
            value = self.low + u * (high - self.low)
        return min(max(math.floor(value), int(self.low)), int(self.high)) if self.is_whole else self.round_value(value)

    def round_value(self, value: float) -> float:
        """The number with few digits, within the bounds.

        >>> SearchDimension("lr", "uniform", 0.0, 1.0).round_value(0.123456)
        0.1235
        """
        return min(max(float(f"{value:.{SIGNIFICANT_DIGITS}g}"), self.low), self.high)


DrawValue: TypeAlias = Callable[[SearchDimension], float | int]
"""Gives a leaf its value."""


def expand_grid(node: Node) -> Iterator[Node]:
    """Every value that a value with `{grid: [...]}` inside stands for."""
    if isinstance(node.value, dict):
        if has_only_key(node, GRID_KEY):
            for entry in _list_entries(node.value[GRID_KEY]):
                yield from expand_grid(entry)
            return
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
        assert isinstance(node.value, dict)
        return sum(map(count_values, _list_entries(node.value[GRID_KEY])))
    if isinstance(node.value, dict):
        return math.prod(map(count_values, node.value.values()))
    return math.prod(map(count_values, node.value)) if isinstance(node.value, list) else 1


def draw_values(node: Node, path: str, draw: DrawValue) -> Node:
    """The value with every distribution that stands in it replaced by what is drawn from it."""
    if isinstance(node.value, dict):
        if kind := find_distribution(node):
            leaf = make_dimension(kind, node.value[kind], path)
            value = draw(leaf)
            if kind != CHOICE_KEY:
                return Node(value, node.place)
            return draw_values(_list_entries(node.value[CHOICE_KEY])[int(value)], join_path(path, str(value)), draw)
        return Node({k: draw_values(c, join_path(path, k), draw) for k, c in node.value.items()}, node.place, node.keys)
    if isinstance(node.value, list):
        return Node(
            [draw_values(child, join_path(path, str(i)), draw) for i, child in enumerate(node.value)], node.place
        )
    return node


def find_dimensions(node: Node, path: str) -> Iterator[SearchDimension]:
    """Every number that may have to be drawn, whatever the choices."""
    if isinstance(node.value, dict):
        if kind := find_distribution(node):
            yield make_dimension(kind, node.value[kind], path)
            children: Mapping[str, Node] = {}
            if kind == CHOICE_KEY:
                children = {str(i): entry for i, entry in enumerate(_list_entries(node.value[CHOICE_KEY]))}
        else:
            children = node.value
    else:
        children = {str(i): entry for i, entry in enumerate(node.value)} if isinstance(node.value, list) else {}
    for key, child in children.items():
        yield from find_dimensions(child, join_path(path, key))


def make_dimension(kind: str, arguments: Node, path: str) -> SearchDimension:
    """A distribution that is known to be right."""
    if kind == CHOICE_KEY:
        return SearchDimension(path, kind, 0, len(_list_entries(arguments)))
    low, high = (entry.value for entry in _list_entries(arguments))
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return SearchDimension(path, kind, low, high)


def find_problems(node: Node, path: str, *, drawing: bool) -> Iterator[Problem]:
    """What is wrong with the distributions, or in a grid the lists, that stand in a value."""
    if isinstance(node.value, dict):
        if has_only_key(node, GRID_KEY) and not drawing:
            yield from _find_choice_problems(node.value[GRID_KEY], join_path(path, GRID_KEY))
        if drawing and (kind := find_distribution(node)):
            wrong = _find_choice_problems if kind == CHOICE_KEY else _find_bound_problems
            yield from wrong(node.value[kind], join_path(path, kind))
        elif not drawing and (kind := find_distribution(node)):
            message = f"{kind} draws numbers at random, and a grid has none"
            yield Problem(node.place, path, message, "write `{grid: [...]}`, or use random: or sobol:")
        for key, child in node.value.items():
            yield from find_problems(child, join_path(path, key), drawing=drawing)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from find_problems(child, join_path(path, str(index)), drawing=drawing)


def find_distribution(node: Node) -> str | None:
    """The distribution that a value is, if it is one; a component of the same name has a mapping of parameters."""
    kind = next((kind for kind in (*NUMBER_KEYS, CHOICE_KEY) if has_only_key(node, kind)), None)
    return None if kind and isinstance(node.value, dict) and isinstance(node.value[kind].value, dict) else kind


def has_only_key(node: Node, word: str) -> bool:
    """Whether a value is a mapping of this word alone."""
    return isinstance(node.value, dict) and list(node.value) == [word]


def describe_found(node: Node) -> str:
    """What stands where something else was expected, in words."""
    empty = {list: "an empty list", dict: "an empty mapping"}
    return empty[type(node.value)] if node.value in ([], {}) else node.describe()


def _list_entries(node: Node) -> list[Node]:
    assert isinstance(node.value, list)
    return node.value


def _find_choice_problems(arguments: Node, path: str) -> Iterator[Problem]:
    if not isinstance(arguments.value, list) or not arguments.value:
        yield Problem(arguments.place, path, f"expected a list of values, found {describe_found(arguments)}")


def _find_bound_problems(arguments: Node, path: str) -> Iterator[Problem]:
    kind = path.rpartition(".")[2]
    whole = kind.endswith("integer")
    entries = arguments.value if isinstance(arguments.value, list) else []
    numbers = [number for entry in entries if (number := _parse_number(entry, whole=whole)) is not None]
    if len(entries) != 2 or len(numbers) != 2:
        wanted = "two whole numbers" if whole else "two numbers"
        yield Problem(arguments.place, path, f"expected {wanted}, [low, high], found {arguments.describe()}")
        return
    low, high = numbers
    if low >= high:
        yield Problem(
            arguments.place, path, f"the lower bound {low} is not below the upper bound {high}", f"[{high}, {low}]?"
        )
    elif kind.startswith("log") and low <= 0:
        yield Problem(entries[0].place, path, f"{low} has no logarithm", "the bounds of a log scale are larger than 0")


def _parse_number(node: Node, *, whole: bool) -> float | int | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and not isinstance(value, int)):
        return None
    return value if math.isfinite(value) else None
