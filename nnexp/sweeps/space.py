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
from nnexp.spec.text import Node, join

EACH = "grid"
CHOICE = "choice"
NUMBERS = ("uniform", "log_uniform", "integer", "log_integer")

DIGITS = 4
"""The significant digits of a number that is drawn: no result depends on more, and people read it."""


@dataclass(frozen=True, slots=True)
class Leaf:
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
        return self.kind.endswith("integer") or self.kind == CHOICE

    def at(self, u: float) -> float | int:
        """The value at a point u of [0, 1): equal stretches of it stand for equally likely values."""
        if self.kind == CHOICE:
            return int(u * self.high)
        high = self.high + 1 if self.is_whole else self.high
        if self.is_log:
            value = math.exp(math.log(self.low) + u * (math.log(high) - math.log(self.low)))
        else:
            value = self.low + u * (high - self.low)
        return min(max(math.floor(value), int(self.low)), int(self.high)) if self.is_whole else self.rounded(value)

    def rounded(self, value: float) -> float:
        """The number with few digits, within the bounds.

        >>> Leaf("lr", "uniform", 0.0, 1.0).rounded(0.123456)
        0.1235
        """
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


Draw: TypeAlias = Callable[[Leaf], float | int]
"""Gives a leaf its value."""


def expanded(node: Node) -> Iterator[Node]:
    """Every value that a value with `{grid: [...]}` inside stands for."""
    if isinstance(node.value, dict):
        if is_marked(node, EACH):
            for entry in _entries(node.value[EACH]):
                yield from expanded(entry)
            return
        for values in product(*map(expanded, node.value.values())):
            yield Node(dict(zip(node.value, values, strict=True)), node.place, node.keys)
    elif isinstance(node.value, list):
        for values in product(*map(expanded, node.value)):
            yield Node(list(values), node.place)
    else:
        yield node


def count(node: Node) -> int:
    """How many values `expanded` gives."""
    if is_marked(node, EACH):
        assert isinstance(node.value, dict)
        return sum(map(count, _entries(node.value[EACH])))
    if isinstance(node.value, dict):
        return math.prod(map(count, node.value.values()))
    return math.prod(map(count, node.value)) if isinstance(node.value, list) else 1


def drawn(node: Node, path: str, draw: Draw) -> Node:
    """The value with every distribution that stands in it replaced by what is drawn from it."""
    if isinstance(node.value, dict):
        if kind := marked(node):
            leaf = leaf_of(kind, node.value[kind], path)
            value = draw(leaf)
            if kind != CHOICE:
                return Node(value, node.place)
            return drawn(_entries(node.value[CHOICE])[int(value)], join(path, str(value)), draw)
        return Node({k: drawn(c, join(path, k), draw) for k, c in node.value.items()}, node.place, node.keys)
    if isinstance(node.value, list):
        return Node([drawn(child, join(path, str(i)), draw) for i, child in enumerate(node.value)], node.place)
    return node


def leaves(node: Node, path: str) -> Iterator[Leaf]:
    """Every number that may have to be drawn, whatever the choices."""
    if isinstance(node.value, dict):
        if kind := marked(node):
            yield leaf_of(kind, node.value[kind], path)
            children: Mapping[str, Node] = {}
            if kind == CHOICE:
                children = {str(i): entry for i, entry in enumerate(_entries(node.value[CHOICE]))}
        else:
            children = node.value
    else:
        children = {str(i): entry for i, entry in enumerate(node.value)} if isinstance(node.value, list) else {}
    for key, child in children.items():
        yield from leaves(child, join(path, key))


def leaf_of(kind: str, arguments: Node, path: str) -> Leaf:
    """A distribution that is known to be right."""
    if kind == CHOICE:
        return Leaf(path, kind, 0, len(_entries(arguments)))
    low, high = (entry.value for entry in _entries(arguments))
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return Leaf(path, kind, low, high)


def problems(node: Node, path: str, *, drawing: bool) -> Iterator[Problem]:
    """What is wrong with the distributions, or in a grid the lists, that stand in a value."""
    if isinstance(node.value, dict):
        if is_marked(node, EACH) and not drawing:
            yield from _choice_problems(node.value[EACH], join(path, EACH))
        if drawing and (kind := marked(node)):
            wrong = _choice_problems if kind == CHOICE else _bound_problems
            yield from wrong(node.value[kind], join(path, kind))
        elif not drawing and (kind := marked(node)):
            message = f"{kind} draws numbers at random, and a grid has none"
            yield Problem(node.place, path, message, "write `{grid: [...]}`, or use random: or sobol:")
        for key, child in node.value.items():
            yield from problems(child, join(path, key), drawing=drawing)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from problems(child, join(path, str(index)), drawing=drawing)


def marked(node: Node) -> str | None:
    """The distribution that a value is, if it is one; a component of the same name has a mapping of parameters."""
    kind = next((kind for kind in (*NUMBERS, CHOICE) if is_marked(node, kind)), None)
    return None if kind and isinstance(node.value, dict) and isinstance(node.value[kind].value, dict) else kind


def is_marked(node: Node, word: str) -> bool:
    """Whether a value is a mapping of this word alone."""
    return isinstance(node.value, dict) and list(node.value) == [word]


def found(node: Node) -> str:
    """What stands where something else was expected, in words."""
    empty = {list: "an empty list", dict: "an empty mapping"}
    return empty[type(node.value)] if node.value in ([], {}) else node.describe()


def _entries(node: Node) -> list[Node]:
    assert isinstance(node.value, list)
    return node.value


def _choice_problems(arguments: Node, path: str) -> Iterator[Problem]:
    if not isinstance(arguments.value, list) or not arguments.value:
        yield Problem(arguments.place, path, f"expected a list of values, found {found(arguments)}")


def _bound_problems(arguments: Node, path: str) -> Iterator[Problem]:
    kind = path.rpartition(".")[2]
    whole = kind.endswith("integer")
    entries = arguments.value if isinstance(arguments.value, list) else []
    numbers = [number for entry in entries if (number := _number(entry, whole=whole)) is not None]
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


def _number(node: Node, *, whole: bool) -> float | int | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and not isinstance(value, int)):
        return None
    return value if math.isfinite(value) else None
