"""YAML text to a tree of plain values that remember their places, and back.

PyYAML reads the structure; the scalars follow our own rules, for reading and for writing alike:
`1e-3` is a float, only `true` and `false` are booleans, `010` is an error, `1:30` and `off` are strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from nnexp.errors import SpecError
from nnexp.spec.problems import Place, Problem, SpecText
from nnexp.spec.scalars import Scalar, find_scalar_problem, is_text, parse_scalar
from nnexp.spec.yaml_errors import explain_error
from nnexp.wording import shorten_text

MAX_DEPTH = 40
"""Levels of nesting: far below Python's recursion limit, far above what any spec has."""

MAX_NODES = 10_000
"""Values in one text, those that aliases repeat counted each time: nine lines of aliases could stand for billions."""

ANY_TAG = "!"
"""The tag that stands for every tag that is written in a text."""

DEPTH_MESSAGE = f"nested more than {MAX_DEPTH} levels deep"


@dataclass(slots=True)
class Node:
    """A value of the tree: a scalar, a list of nodes, or a mapping to nodes with the place of each key."""

    value: Scalar | list[Node] | dict[str, Node]
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    raw: str = ""
    """An unquoted word as it stands in the text, so that 1e999 is not reported as inf."""

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
                return repr(shorten_text(self.value))
        return shorten_text(self.raw or str(self.value))

    def copy(self) -> Node:
        """The same tree in nodes of its own."""
        value = self.value
        if isinstance(value, dict):
            value = {key: node.copy() for key, node in value.items()}
        elif isinstance(value, list):
            value = [node.copy() for node in value]
        return Node(value, self.place, dict(self.keys), self.raw)

    def make_plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.make_plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.make_plain() for node in self.value]
        return self.value


def parse_yaml(text: SpecText) -> Node:
    """The tree of a YAML text. Raises SpecError with everything that is not YAML, or is not allowed."""
    root, problems = parse_yaml_with_problems(text)
    if problems:
        raise SpecError(problems)
    return root


def parse_yaml_with_problems(text: SpecText) -> tuple[Node, list[Problem]]:
    """The tree of a YAML text, and the problems of single values in it, in whose places it holds None.

    A text without a value gives None. Raises SpecError where the text is not YAML, so that there is no tree.
    """
    try:
        root = yaml.compose(text.content, Loader=_LimitedLoader)
    except yaml.reader.ReaderError as error:
        message = f"the character U+{ord(text.content[error.position]):04X} is not allowed in YAML"
        raise SpecError([Problem(text.find_place(error.position), "", message)]) from None
    except yaml.MarkedYAMLError as error:
        raise SpecError([explain_error(text, error)]) from None
    converter = _NodeConverter(text)
    if root is None:
        return Node(None, Place(text)), []
    return converter.convert_node(root, ""), converter.problems


class _LimitedLoader(yaml.SafeLoader):
    """A safe loader that limits nesting, so that a hostile file cannot exhaust the stack, and remembers tags."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        # Here and not in the tree: PyYAML calls itself for each level, and would end in a RecursionError.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=DEPTH_MESSAGE, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None and getattr(event, "tag", None) is not None:
            node.tag = ANY_TAG
        return node


class _NodeConverter:
    """Turns PyYAML's nodes into ours, collecting every problem on the way."""

    def __init__(self, text: SpecText) -> None:
        self.text = text
        self.node_count = 0
        self.problems: list[Problem] = []
        self.open_nodes: list[yaml.Node] = []

    def add_problem(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def convert_node(self, node: yaml.Node, path: str) -> Node:
        self.node_count += 1
        place = self.find_place(node)
        self.check_limits(node, place)
        if node.tag == ANY_TAG:
            self.add_problem(place, path, "tags (words that begin with !) are not allowed")
            return Node(None, place)
        self.open_nodes.append(node)
        result = self.convert_value(node, path, place)
        self.open_nodes.pop()
        return result

    def check_limits(self, node: yaml.Node, place: Place) -> None:
        """Stop where aliases make a small file large, deep or endless."""
        if node in self.open_nodes:
            raise SpecError([Problem(place, "", "this value contains an alias of itself")])
        if len(self.open_nodes) >= MAX_DEPTH:
            raise SpecError([Problem(place, "", DEPTH_MESSAGE)])
        if self.node_count > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, those that aliases repeat counted each time"
            raise SpecError([Problem(place, "", message)])

    def convert_value(self, node: yaml.Node, path: str, place: Place) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self.convert_mapping(node, path, place)
        if isinstance(node, yaml.SequenceNode):
            entries = [self.convert_node(child, join_path(path, str(i))) for i, child in enumerate(node.value)]
            return Node(entries, place)
        assert isinstance(node, yaml.ScalarNode)
        is_quoted = node.style is not None
        if is_quoted:
            return Node(node.value, place)
        return Node(self.convert_scalar(node.value, place, path), place, raw=node.value)

    def convert_mapping(self, node: yaml.MappingNode, path: str, place: Place) -> Node:
        result: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key, key_place = key_node.value, self.find_place(key_node)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == ANY_TAG:
                self.add_problem(key_place, path, "a key must be a word")
            elif key == "<<":
                self.add_problem(key_place, path, "merge keys (<<) are not allowed", "write the keys out")
            elif key in result:
                first = keys[key].line
                self.add_problem(key_place, join_path(path, key), f"given twice, first on line {first}")
            else:
                result[key], keys[key] = self.convert_node(value_node, join_path(path, key)), key_place
        return Node(result, place, keys)

    def convert_scalar(self, raw: str, place: Place, path: str) -> Scalar:
        """What an unquoted word means."""
        problem = find_scalar_problem(raw)
        if problem is None:
            return parse_scalar(raw)
        self.add_problem(place, path, *problem)
        return None

    def find_place(self, node: yaml.Node) -> Place:
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            width = len(node.value)
        return Place(self.text, start.line + 1, start.column + 1, max(1, width))


def join_path(path: str, key: str) -> str:
    """The dotted path of a key below a path."""
    return ".".join(part for part in (path, key) if part)


_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""PyYAML's fast dumper where it has one; both write the same."""


class _SpecDumper(_BaseDumper):  # type: ignore[misc]
    """Writes YAML that `parse_yaml` reads back as it was: block style outside, words and numbers by our rules."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute, emptied

    def ignore_aliases(self, data: Any) -> bool:
        # A component that stands in two places is written out in both: nobody reads *id001.
        return True


def _represent_string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = None if is_text(value) else "'"
    # These line breaks PyYAML folds into spaces, except in double quotes.
    if any(end in value for end in "\x85\u2028\u2029"):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _represent_word(dumper: yaml.SafeDumper, value: bool | float | None) -> yaml.Node:
    word = repr(value).lower().replace("none", "null").replace("inf", ".inf").replace("nan", ".nan")
    # As a text, so that PyYAML adds nothing of its own, such as a tag of a number that YAML 1.1 writes otherwise.
    return dumper.represent_scalar("tag:yaml.org,2002:str", word)


_SpecDumper.add_representer(str, _represent_string)
for _kind in (bool, int, float, type(None)):
    _SpecDumper.add_representer(_kind, _represent_word)


def build_tree(value: Any, place: Place) -> Node:
    """The inverse of `Node.make_plain`: plain values as nodes, all at one place."""
    if isinstance(value, dict):
        entries = {key: build_tree(child, place) for key, child in value.items()}
        return Node(entries, place, dict.fromkeys(value, place))
    if isinstance(value, list):
        return Node([build_tree(child, place) for child in value], place)
    return Node(value, place)


def format_flow(value: Any) -> str:
    """YAML of plain values on one line, as in an override.

    >>> format_flow({"adam": {"lr": 0.001}})
    '{adam: {lr: 0.001}}'
    """
    text = yaml.dump(
        value, Dumper=_SpecDumper, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def format_yaml(value: Any) -> str:
    """YAML text of plain values, keys in their order."""
    return yaml.dump(
        value, Dumper=_SpecDumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )


def walk_nodes(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with its dotted path."""
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from walk_nodes(child, join_path(path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from walk_nodes(child, join_path(path, str(index)))
