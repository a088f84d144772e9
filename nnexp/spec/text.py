"""YAML text to a tree of plain values that remember their places, and back.

PyYAML reads the structure; the scalars follow our own rules, for reading and for writing alike:
`1e-3` is a float, only `true` and `false` are booleans, `010` is an error, `1:30` and `off` are strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from nnexp.errors import SpecError
from nnexp.spec.problems import Place, Problem, Text

Scalar: TypeAlias = "None | bool | int | float | str"

MAX_DEPTH = 40
MAX_NODES = 10_000

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(slots=True)
class Node:
    """A value of the tree: a scalar, a list of nodes, or a mapping to nodes with the place of each key."""

    value: Scalar | list[Node] | dict[str, Node]
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)

    def describe(self) -> str:
        """The value in an error message."""
        match self.value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case None:
                return "nothing"
            case bool():
                return str(self.value).lower()
            case str():
                return repr(self.value)
        return str(self.value)

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def parse(text: Text) -> Node:
    """The tree of a YAML text. Raises SpecError at the first thing that is not YAML, or is not allowed."""
    try:
        root = yaml.compose(text.content, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.content.count("\n", 0, error.position) + 1
        message = f"the character {error.character!r} is not allowed in YAML"
        raise SpecError([Problem(Place(text, line), "", message)]) from None
    except yaml.MarkedYAMLError as error:
        raise SpecError([_syntax_problem(text, error)]) from None
    if root is None:
        raise SpecError([Problem(Place(text), "", "the spec is empty", "`nnexp new NAME` writes one to start from")])
    return _Converter(text).convert(root, "")


class _Loader(yaml.SafeLoader):
    """A safe loader that limits nesting, so that a hostile file cannot exhaust the stack."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested more than {MAX_DEPTH} levels deep", problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _syntax_problem(text: Text, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(text, mark.line + 1, mark.column + 1) if mark else Place(text)
    if "\t" in text.line(place.line)[: place.column + 1]:
        column = text.line(place.line).index("\t") + 1
        return Problem(Place(text, place.line, column), "", "a tab: YAML is indented with spaces", "use two spaces")
    context = f" ({error.context})" if error.context else ""
    return Problem(place, "", f"not valid YAML: {error.problem}{context}")


class _Converter:
    """Turns PyYAML's nodes into ours, collecting every problem on the way."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.count = 0
        self.problems: list[Problem] = []
        self.open: list[yaml.Node] = []

    def convert(self, root: yaml.Node, path: str) -> Node:
        node = self.node(root, path)
        if self.problems:
            raise SpecError(self.problems)
        return node

    def node(self, node: yaml.Node, path: str) -> Node:
        self.count += 1
        place = self.place(node)
        if self.count > MAX_NODES or node in self.open:
            message = "aliases that contain themselves" if node in self.open else f"more than {MAX_NODES} values"
            raise SpecError([Problem(place, path, f"{message}: aliases are expanded, and only so far")])
        if not node.tag.startswith("tag:yaml.org,2002:") or self.explicit_tag(node):
            self.problems.append(Problem(place, path, "tags (words that begin with !) are not allowed"))
            return Node(None, place)
        self.open.append(node)
        try:
            return self.kind(node, path, place)
        finally:
            self.open.pop()

    def kind(self, node: yaml.Node, path: str, place: Place) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, place)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.node(child, f"{path}.{i}") for i, child in enumerate(node.value)], place)
        assert isinstance(node, yaml.ScalarNode)
        return Node(self.scalar(node.value, node.style is None, place, path), place)

    def mapping(self, node: yaml.MappingNode, path: str, place: Place) -> Node:
        result: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key, key_place = key_node.value, self.place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(key_place, path, "a key must be a word"))
            elif key in result:
                first = keys[key].line
                self.problems.append(Problem(key_place, join(path, key), f"given twice, first on line {first}"))
            else:
                result[key], keys[key] = self.node(value_node, join(path, key)), key_place
        return Node(result, place, keys)

    def scalar(self, raw: str, plain: bool, place: Place, path: str) -> Scalar:
        if plain and LEADING_ZERO.fullmatch(raw):
            help_ = f"write {int(raw)}, or '{raw}' in quotes if it is a text"
            self.problems.append(Problem(place, path, f"{raw} begins with a zero", help_))
            return None
        return scalar(raw) if plain else raw

    def explicit_tag(self, node: yaml.Node) -> bool:
        start = node.start_mark
        return self.text.content[start.index : start.index + 1] == "!"

    def place(self, node: yaml.Node) -> Place:
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            width = len(node.value)
        return Place(self.text, start.line + 1, start.column + 1, max(1, width))


def scalar(raw: str) -> Scalar:
    """What an unquoted word means."""
    if raw in WORDS:
        return WORDS[raw]
    if INTEGER.fullmatch(raw):
        return int(raw)
    if FLOAT.fullmatch(raw):
        return float(raw.replace(".inf", "inf").replace(".nan", "nan"))
    return raw


def join(path: str, key: str) -> str:
    """The dotted path of a key below a path."""
    return f"{path}.{key}" if path else key


class _Dumper(yaml.SafeDumper):
    """Writes YAML that `parse` reads back as it was: block style outside, words and numbers by our rules."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute, emptied

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = scalar(value) == value and not LEADING_ZERO.fullmatch(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else "'")


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", repr(value))


def _represent_word(dumper: yaml.SafeDumper, value: bool | int | None) -> yaml.Node:
    word = "null" if value is None else str(value).lower()
    return dumper.represent_scalar("tag:yaml.org,2002:str", word)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(float, _represent_float)
for _kind in (bool, int, type(None)):
    _Dumper.add_representer(_kind, _represent_word)


def dump(value: Any) -> str:
    """YAML text of plain values, keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)


def paths(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with its dotted path."""
    yield path, node
    children = node.value.items() if isinstance(node.value, dict) else enumerate(node.value) if isinstance(node.value, list) else ()
    for key, child in children:
        yield from paths(child, join(path, str(key)))
