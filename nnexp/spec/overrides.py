"""Overrides: `key.sub=value` after the spec on the command line, with the spec's own rules for values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nnexp.errors import SpecError
from nnexp.spec.conflicts import Assignment, find_conflicts
from nnexp.spec.problems import Place, Problem, SpecText
from nnexp.spec.suggestions import describe_other_kind, suggest_home
from nnexp.spec.yaml import Node, join_path, parse_yaml, walk_nodes
from nnexp.wording import shorten_text


def apply_overrides(root: Node, overrides: Sequence[str]) -> list[Problem]:
    """Put the overrides into the tree, one after another; gives the problems of those that cannot be.

    One that wipes out what an earlier one says is a problem as well: nobody asks for a value that is to be lost.
    """
    problems: list[Problem] = []
    done: list[Assignment] = []
    for number, override in enumerate(overrides, start=1):
        try:
            done.append(_apply_override(root, SpecText(f"override {number}", override, number)))
        except SpecError as error:
            problems += error.problems
    return problems + find_conflicts(done)


def _apply_override(root: Node, text: SpecText) -> Assignment:
    path, equals, raw = text.content.partition("=")
    if not equals or not path or not all(path.split(".")):
        message, suggestion = "expected key.sub=value", "for example training.epochs=5"
        raise SpecError([Problem(_make_place(text, 0, len(text.content)), "", message, suggestion)])
    offset = len(path) + 1
    # Blanks stand for the key, so that the columns of the value's places are those of the override.
    value = Node(None, _make_place(text, offset, 1))
    if raw.strip():
        value = parse_value(text, path, " " * offset + raw)
    # A later override may be put into the value itself, and a conflict is judged by what was written.
    assignment = Assignment(path, value.copy(), _make_place(text, 0, len(path)))
    put_value(root, path, value, _make_place(text, 0, 1), raw)
    return assignment


def parse_value(text: SpecText, path: str, padded: str) -> Node:
    """The value of an override; the padding stands for its key, so that the columns are right.

    Raises SpecError where it is no value.
    """
    try:
        value = parse_yaml(SpecText(text.name, padded))
    except SpecError as error:
        moved = [replace(p, path=join_path(path, p.path), place=replace(p.place, text=text)) for p in error.problems]
        raise SpecError(moved) from None
    for _, node in walk_nodes(value):
        node.place = replace(node.place, text=text)
        node.keys = {key: replace(place, text=text) for key, place in node.keys.items()}
    return value


class _NoEntryError(Exception):
    """What a node is instead of something with the entry that was asked for; `replaceable` by a mapping with it?"""

    def __init__(self, reason: str, *, replaceable: bool) -> None:
        self.replaceable = replaceable
        super().__init__(reason)


def put_value(root: Node, path: str, value: Node, place: Place, written: str) -> None:
    """Walk down a dotted path, making mappings on the way, and put the value at its end.

    `place` is where the path begins and `written` how the value is, for the SpecError where there is no such way.
    """
    keys, node, start = path.split("."), root, 0
    for depth, key in enumerate(keys, start=1):
        here = replace(place, column=place.column + start, width=max(1, len(key)))
        try:
            node = _step_into(node, key, here, value if depth == len(keys) else None)
        except _NoEntryError as error:
            at, above = ".".join(keys[:depth]), ".".join(keys[: depth - 1])
            # The name of another component is meant as such, everything else as a key of the one that is there.
            suggestion = "" if describe_other_kind(key) else suggest_home(root, path, here, value)
            if error.replaceable and not suggestion:
                suggestion = f"to replace the whole value: {above}={_format_nested(keys[depth - 1 :], written)}"
            raise SpecError([Problem(here, at, f"{above} {error}", suggestion)]) from None
        start += len(key) + 1


def _step_into(node: Node, key: str, place: Place, value: Node | None) -> Node:
    """The node below a key, into whose place `value` is put if there is one."""
    if isinstance(node.value, list):
        index = _parse_index(node.value, key)
        node.value[index] = value or node.value[index]
        return node.value[index]
    entries = _open_mapping(node, key)
    node.keys.setdefault(key, place)
    entries[key] = value or entries.get(key, Node(None, place))
    return entries[key]


def _open_mapping(node: Node, key: str) -> dict[str, Node]:
    """The mapping that a key is to be put into, made of nothing or of a component written as its bare name."""
    if node.value is None:
        node.value = {}
    elif node.value == key:
        node.value, node.keys = {key: Node(None, node.place)}, {key: node.place}
    elif not isinstance(node.value, dict):
        replaceable = isinstance(node.value, str)
        raise _NoEntryError(f"is {node.describe()}, which holds no {shorten_text(key)!r}", replaceable=replaceable)
    assert isinstance(node.value, dict)
    return node.value


def _parse_index(entries: list[Node], key: str) -> int:
    # Nine digits at most, since int() is slow on endless ones; 01 is no way to write 1.
    if re.fullmatch("0|[1-9][0-9]{0,8}", key) and int(key) < len(entries):
        return int(key)
    if not entries:
        raise _NoEntryError("is an empty list", replaceable=True)
    message = f"has the entries 0 to {len(entries) - 1}, found {shorten_text(key)!r}"
    raise _NoEntryError(message, replaceable=key.isidentifier())


def _format_nested(keys: list[str], value: str) -> str:
    """The keys and the value of an override as a value themselves."""
    for key in reversed(keys):
        value = f"{{{key}: {value}}}"
    return shorten_text(value)


def _make_place(text: SpecText, start: int, width: int) -> Place:
    return Place(text, 1, start + 1, max(1, width))
