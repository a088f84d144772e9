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
from nnexp.spec.syntax import explained

Scalar: TypeAlias = "bool | int | float | str | None"

MAX_DEPTH = 40
MAX_NODES = 10_000
MAX_DIGITS = 40
"""Enough for a seed of 128 bits."""

LONGEST = 60
"""The characters of a value that a message repeats."""

TAGGED = "!"
"""The tag that stands for every tag that is written in a text."""

TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"

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
    written: str = ""
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
                return repr(shortened(self.value))
        return shortened(self.written or str(self.value))

    def copy(self) -> Node:
        """The same tree in nodes of its own."""
        value = self.value
        if isinstance(value, dict):
            value = {key: node.copy() for key, node in value.items()}
        elif isinstance(value, list):
            value = [node.copy() for node in value]
        return Node(value, self.place, dict(self.keys), self.written)

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def parse(text: Text) -> Node:
    """The tree of a YAML text. Raises SpecError with everything that is not YAML, or is not allowed."""
    root, problems = read(text)
    if problems:
        raise SpecError(problems)
    return root


def read(text: Text) -> tuple[Node, list[Problem]]:
    """The tree of a YAML text, and the problems of single values in it, in whose places it holds None.

    A text without a value gives None. Raises SpecError where the text is not YAML, so that there is no tree.
    """
    try:
        root = yaml.compose(text.content, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        message = f"the character U+{ord(text.content[error.position]):04X} is not allowed in YAML"
        raise SpecError([Problem(text.at(error.position), "", message)]) from None
    except yaml.MarkedYAMLError as error:
        raise SpecError([explained(text, error)]) from None
    converter = _Converter(text)
    return (converter.node(root, "") if root else Node(None, Place(text))), converter.problems


class _Loader(yaml.SafeLoader):
    """A safe loader that limits nesting, so that a hostile file cannot exhaust the stack, and remembers tags."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None and getattr(event, "tag", None) is not None:
            node.tag = TAGGED
        return node


class _Converter:
    """Turns PyYAML's nodes into ours, collecting every problem on the way."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.count = 0
        self.problems: list[Problem] = []
        self.open: list[yaml.Node] = []

    def problem(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def node(self, node: yaml.Node, path: str) -> Node:
        self.count += 1
        place = self.place(node)
        self.limit(node, place)
        if node.tag == TAGGED:
            self.problem(place, path, "tags (words that begin with !) are not allowed")
            return Node(None, place)
        self.open.append(node)
        try:
            return self.kind(node, path, place)
        finally:
            self.open.pop()

    def limit(self, node: yaml.Node, place: Place) -> None:
        """Stop where aliases make a small file large, deep or endless."""
        if node in self.open:
            raise SpecError([Problem(place, "", "this value contains an alias of itself")])
        if len(self.open) >= MAX_DEPTH:
            raise SpecError([Problem(place, "", TOO_DEEP)])
        if self.count > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, those that aliases repeat counted each time"
            raise SpecError([Problem(place, "", message)])

    def kind(self, node: yaml.Node, path: str, place: Place) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, place)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.node(child, join(path, str(i))) for i, child in enumerate(node.value)], place)
        assert isinstance(node, yaml.ScalarNode)
        value = self.scalar(node.value, place, path) if node.style is None else node.value
        return Node(value, place, written=node.value if node.style is None else "")

    def mapping(self, node: yaml.MappingNode, path: str, place: Place) -> Node:
        result: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key, key_place = key_node.value, self.place(key_node)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == TAGGED:
                self.problem(key_place, path, "a key must be a word")
            elif key == "<<":
                self.problem(key_place, path, "merge keys (<<) are not allowed", "write the keys out")
            elif key in result:
                first = keys[key].line
                self.problem(key_place, join(path, key), f"given twice, first on line {first}")
            else:
                result[key], keys[key] = self.node(value_node, join(path, key)), key_place
        return Node(result, place, keys)

    def scalar(self, raw: str, place: Place, path: str) -> Scalar:
        """What an unquoted word means."""
        digits = len(raw.lstrip("+-"))
        if INTEGER.fullmatch(raw) and digits > MAX_DIGITS:
            self.problem(place, path, f"a whole number of {digits} digits; at most {MAX_DIGITS} are allowed")
            return None
        if LEADING_ZERO.fullmatch(raw):
            number = raw.replace("+", "").replace("-", "").lstrip("0") or "0"
            without = f"{'-' * raw.startswith('-')}{number}"
            help_ = f"write {without}, or '{raw}' in quotes if it is a text"
            self.problem(place, path, f"{shortened(raw)} begins with a zero", help_ if digits <= MAX_DIGITS else "")
            return None
        return scalar(raw)

    def place(self, node: yaml.Node) -> Place:
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            width = len(node.value)
        return Place(self.text, start.line + 1, start.column + 1, max(1, width))


def scalar(raw: str) -> Scalar:
    """What an unquoted word means, if it is allowed."""
    if raw in WORDS:
        return WORDS[raw]
    if INTEGER.fullmatch(raw):
        return int(raw)
    if FLOAT.fullmatch(raw):
        return float(raw.replace(".inf", "inf").replace(".nan", "nan"))
    return raw


def is_text(raw: str) -> bool:
    """Whether an unquoted word means itself."""
    return raw not in WORDS and not any(form.fullmatch(raw) for form in (INTEGER, FLOAT, LEADING_ZERO))


def shortened(words: str) -> str:
    """The beginning of a text that is too long for a message."""
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def join(path: str, key: str) -> str:
    """The dotted path of a key below a path."""
    return f"{path}.{key}" if path and key else path or key


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""PyYAML's fast dumper where it has one; both write the same."""


class _Dumper(_Base):  # type: ignore[misc]
    """Writes YAML that `parse` reads back as it was: block style outside, words and numbers by our rules."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute, emptied

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    breaks = any(end in value for end in "\x85\u2028\u2029")  # which PyYAML folds, except in double quotes
    style = '"' if breaks else None if is_text(value) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    word = repr(value).replace("inf", ".inf").replace("nan", ".nan")
    return dumper.represent_scalar("tag:yaml.org,2002:str", word)


def _represent_word(dumper: yaml.SafeDumper, value: bool | int | None) -> yaml.Node:
    word = "null" if value is None else str(value).lower()
    return dumper.represent_scalar("tag:yaml.org,2002:str", word)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(float, _represent_float)
for _kind in (bool, int, type(None)):
    _Dumper.add_representer(_kind, _represent_word)


def tree(value: Any, place: Place) -> Node:
    """The inverse of `Node.plain`: plain values as nodes, all at one place."""
    if isinstance(value, dict):
        return Node({key: tree(child, place) for key, child in value.items()}, place, dict.fromkeys(value, place))
    return Node([tree(child, place) for child in value] if isinstance(value, list) else value, place)


def flow(value: Any) -> str:
    """YAML of plain values on one line, as in an override.

    >>> flow({"adam": {"lr": 0.001}})
    '{adam: {lr: 0.001}}'
    """
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def dump(value: Any) -> str:
    """YAML text of plain values, keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)


def paths(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with its dotted path."""
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from paths(child, join(path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from paths(child, join(path, str(index)))
