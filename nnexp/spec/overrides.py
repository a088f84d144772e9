"""Overrides: `key.sub=value` after the spec on the command line, with the spec's own rules for values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnexp.errors import SpecError
from nnexp.spec.problems import Place, Problem, Text
from nnexp.spec.text import Node, parse, paths


def apply(root: Node, overrides: Sequence[str]) -> list[Problem]:
    """Put the overrides into the tree, one after another; gives the problems of those that cannot be."""
    problems: list[Problem] = []
    for number, override in enumerate(overrides, start=1):
        try:
            _apply(root, Text(f"override {number}", override, number))
        except SpecError as error:
            problems += error.problems
    return problems


def _apply(root: Node, text: Text) -> None:
    path, equals, raw = text.content.partition("=")
    if not equals or not path or not all(path.split(".")):
        raise SpecError([Problem(_place(text, 0, len(text.content)), "", "expected key.sub=value")])
    offset = len(path) + 1
    value = _value(text, " " * offset + raw) if raw.strip() else Node(None, _place(text, offset, 1))
    _set(root, path.split("."), value, text)


def _value(text: Text, padded: str) -> Node:
    """The value of an override; the padding stands for its key, so that the columns are right."""
    try:
        value = parse(Text(text.name, padded))
    except SpecError as error:
        raise SpecError([replace(problem, place=replace(problem.place, text=text)) for problem in error.problems]) from None
    for _, node in paths(value):
        node.place = replace(node.place, text=text)
        node.keys = {key: replace(place, text=text) for key, place in node.keys.items()}
    return value


def _set(root: Node, keys: list[str], value: Node, text: Text) -> None:
    """Walk down the keys, making mappings on the way, and put the value at the end."""
    node, start = root, 0
    for depth, key in enumerate(keys, start=1):
        place, path = _place(text, start, len(key)), ".".join(keys[:depth])
        last = depth == len(keys)
        if isinstance(node.value, list):
            index = _index(node.value, key, place, path)
            node.value[index] = value if last else node.value[index]
            node = node.value[index]
        else:
            entries = _open(node, key, place, path)
            node.keys.setdefault(key, place)
            entries[key] = value if last else entries.get(key, Node(None, place))
            node = entries[key]
        start += len(key) + 1


def _open(node: Node, key: str, place: Place, path: str) -> dict[str, Node]:
    """The mapping that a key is to be put into, made of nothing or of a component written as its bare name."""
    if node.value is None:
        node.value = {}
    elif node.value == key:
        node.value, node.keys = {key: Node(None, node.place)}, {key: node.place}
    elif not isinstance(node.value, dict):
        parent = path.rpartition(".")[0]
        suggestion = f"to replace it whole: {parent}={{{key}: {{...}}}}"
        raise SpecError([Problem(place, path, f"{parent} is {node.describe()}, which holds no {key!r}", suggestion)])
    return node.value


def _index(entries: list[Node], key: str, place: Place, path: str) -> int:
    if key.isdecimal() and int(key) < len(entries):
        return int(key)
    message = f"expected the number of an entry, from 0 to {len(entries) - 1}, found {key!r}"
    raise SpecError([Problem(place, path, message)])


def _place(text: Text, start: int, width: int) -> Place:
    return Place(text, 1, start + 1, max(1, width))
