"""The tree of a spec to components: dispatch on registry names first, then validation of each one's parameters.

A component is written as its name, as `name: {parameters}`, or as `name: value` where the value is its first parameter.
A section is a mapping of its parameters; one with a single parameter may be written as the value of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from nnexp import registry
from nnexp.architectures.base import Architecture
from nnexp.layers.base import Layer, ShapeError
from nnexp.layers.chain import Chain, chain
from nnexp.layers.output import Output
from nnexp.named import Named
from nnexp.network import kind_of
from nnexp.penalties.base import Penalty
from nnexp.registry import Parameter, parameters
from nnexp.spec.advice import way_out
from nnexp.spec.kinds import (
    REGISTRIES,
    article,
    component_type,
    expected,
    holds_component,
    is_mapping,
    is_optional,
    one_of,
    value_of,
)
from nnexp.spec.problems import Place, Problem, close, nearest
from nnexp.spec.text import Node, join, shortened
from nnexp.spec.validation import validate
from nnexp.typing import Shape


class Builder:
    """Builds components from nodes and collects the problems; what cannot be built is None.

    `shape` is the core shape of the data, to which presets are expanded; None where there is something wrong with them.
    """

    def __init__(self, shape: Shape | None = None) -> None:
        self.shape = shape
        self.problems: list[Problem] = []

    def problem(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def section(self, cls: type[Any], node: Node, path: str) -> Any:
        """A dataclass with fixed keys, such as `training`; where it has but one, the value of that alone is enough."""
        if not isinstance(node.value, dict):
            only = value_of(cls)
            if only:
                return self.construct(cls, Node({}, node.place, {only.name: node.place}), {only.name: node}, path)
            keys = ", ".join(p.name for p in parameters(cls))
            self.problem(node.place, path, f"expected a mapping with the keys {keys}, found {node.describe()}")
            return None
        return self.construct(cls, node, node.value, path)

    def component(self, base: type[Any], node: Node, path: str) -> Any:
        """A component of the kind `base`, by name."""
        kind = REGISTRIES[base][0].kind
        name, place, value = self.head(node)
        known = {name: reg[name] for reg in REGISTRIES[base] for name in reg}
        if name is None:
            message = f"expected one {kind}, `name` or `name: {{parameters}}`, found {named(node)}"
            self.problem(place, path, message, single(node, place, path, known))
            return None
        if name not in known:
            self.problem(place, path, f"unknown {kind} {shortened(name)!r}", elsewhere(name) or nearest(name, known))
            return None
        return self.parametrized(known[name], value, place, join(path, name))

    def head(self, node: Node) -> tuple[str | None, Place, Node | None]:
        """The name of a component, its place, and the node of its parameters."""
        if isinstance(node.value, str):
            return node.value, node.place, None
        if isinstance(node.value, dict) and len(node.value) == 1:
            [(name, value)] = node.value.items()
            return name, node.keys[name], value
        return None, [node.place, *node.keys.values()][-1], None

    def parametrized(self, cls: type[Any], value: Node | None, place: Place, path: str) -> Any:
        """The component of a class from the node that stands behind its name."""
        if value is None or value.value is None:
            return self.construct(cls, Node({}, place), {}, path)
        known = parameters(cls)
        if isinstance(value.value, dict) and not is_mapping(cls):
            return self.construct(cls, Node(value.value, place, value.keys), value.value, path)
        if not known:
            self.problem(value.place, path, f"takes no parameters, found {value.describe()}")
            return None
        first = known[0].name
        return self.construct(cls, Node({}, place, {first: value.place}), {first: value}, path)

    def construct(self, cls: type[Any], node: Node, given: dict[str, Node], path: str) -> Any:
        """An instance of `cls`, or None where a parameter is unknown, missing or wrong."""
        known = {p.name: p for p in parameters(cls)}
        before = len(self.problems)
        nested = frozenset(name for name, p in known.items() if holds_component(p))
        beneath = {name: path if is_mapping(cls) else join(path, name) for name in known}
        values = {
            name: self.nested(known[name], child, beneath[name]) if name in nested else frozen(child.plain())
            for name, child in given.items()
        }
        valid, faults = validate(cls, values, nested)
        misspelt = {close(name, known) for name in given if name not in known}
        for (name, entry), kind in faults.items():
            if kind == "missing":
                if name not in misspelt:
                    self.missing(known[name], node.place, path)
            elif kind == "extra_forbidden":
                self.unknown(name, list(known), node.keys.get(name, node.place), path)
            else:
                self.wrong(known[name].hint, given[name], join(path, name), entry)
        return cls(**valid) if len(self.problems) == before else None

    def missing(self, parameter: Parameter, place: Place, path: str) -> None:
        """A parameter without a default that was not given."""
        name = path.rpartition(".")[2]
        is_component = any(name in reg for registries in REGISTRIES.values() for reg in registries)
        example = f"{name}: {{{parameter.name}: ...}}" if is_component else f"{parameter.name}: ..."
        message = f"needs `{parameter.name}`, {expected(parameter.hint)}"
        self.problem(place, path, message, f"write `{example}`")

    def unknown(self, name: str, known: list[str], place: Place, path: str) -> None:
        """A key that is no parameter."""
        suggestion = nearest(name, known) if known else "it takes no parameters"
        self.problem(place, join(path, shortened(name)), f"unknown key {shortened(name)!r}", suggestion)

    def wrong(self, hint: Any, found: Node, path: str, entry: int | None) -> None:
        """A value, or the entry of a list, that is of another type or out of bounds."""
        if entry is not None and isinstance(found.value, list):
            found, path = found.value[entry], f"{path}.{entry}"
            hint = get_args(hint)[0] if get_origin(hint) is tuple else hint
        message = f"expected {expected(hint)}, found {found.describe()}"
        self.problem(found.place, path, message, way_out(hint, found))

    def nested(self, parameter: Parameter, node: Node, path: str) -> Any:
        """The value of a parameter that holds a section, a component, or several."""
        base = component_type(parameter.hint)
        if node.value is None and is_optional(parameter.hint):
            return None
        if get_origin(parameter.hint) is Named:
            return self.named(base, node, path, may_be_empty=not parameter.required)
        if base is Chain:
            return self.branches(node, path) if get_origin(parameter.hint) is tuple else self.chain(node, path)
        if get_origin(parameter.hint) is tuple:
            return self.several(base, node, path)
        return self.one(base, node, path)

    def named(self, base: type[Any], node: Node, path: str, *, may_be_empty: bool) -> Named[Any] | None:
        """A mapping of names to components, sections or lists of layers; their order in the text means nothing."""
        if not isinstance(node.value, dict) or not (node.value or may_be_empty):
            message = f"expected a mapping of names, each to {one_of(base)}, found {node.describe()}"
            self.problem(node.place, path, message, "such as {first: ..., second: ...}")
            return None
        values = {name: self.one(base, child, join(path, name)) for name, child in sorted(node.value.items())}
        return Named(tuple(values), tuple(values.values()))

    def one(self, base: type[Any], node: Node, path: str) -> Any:
        """A component, a section or a list of layers."""
        if base is Chain:
            return self.chain(node, path)
        return self.component(base, node, path) if base in REGISTRIES else self.section(base, node, path)

    def several(self, base: type[Any], node: Node, path: str) -> Any:
        """A list of layers or a preset that stands for one, or a mapping of penalties by name."""
        if base is Penalty:
            return self.by_name(base, node, path)
        if base is Layer and node.value and isinstance(node.value, str | dict) and not names_layer(node):
            return self.preset(node, path)
        if not isinstance(node.value, list):
            message = f"expected a list of {REGISTRIES[base][0].kind}s, found {node.describe()}"
            self.problem(node.place, path, message, "begin each layer with `- `, on a line of its own")
            return ()
        return tuple(self.component(base, child, f"{path}.{i}") for i, child in enumerate(node.value))

    def preset(self, node: Node, path: str) -> tuple[Layer, ...]:
        """The layers that an architecture stands for, where the data are of known shape; otherwise the last of them."""
        architecture: Architecture | None = self.component(Architecture, node, path)
        if architecture is None or self.shape is None:
            return (Output(),)
        try:
            return architecture.layers(self.shape)
        except ShapeError as error:
            self.problem(node.place, path, str(error))
            return ()

    def chain(self, node: Node, path: str) -> Chain | None:
        """The list of layers that a layer holds."""
        before = len(self.problems)
        if not isinstance(node.value, list):
            name, place, _ = self.head(node)
            message = f"expected a list of layers, found {node.describe()}"
            if name in registry.architectures:
                message = f"{name} stands for a whole network with its `output`, and here belong the layers of a part"
            self.problem(place, path, message, "write the layers out, such as [dense: 8, relu]")
            return None
        layers = self.several(Layer, node, path)
        return chain(layers, [kind_of(layer) for layer in layers]) if len(self.problems) == before else None

    def branches(self, node: Node, path: str) -> tuple[Chain | None, ...]:
        """A list of lists of layers."""
        if not isinstance(node.value, list):
            message = f"expected a list of branches, each a list of layers, found {node.describe()}"
            self.problem(node.place, path, message, "such as [[dense: 8, relu], [dense: 8]]")
            return ()
        return tuple(self.chain(child, f"{path}.{i}") for i, child in enumerate(node.value))

    def by_name(self, base: type[Any], node: Node, path: str) -> Any:
        """A mapping `name: parameters` of components that act together; their order in the text means nothing."""
        kind = REGISTRIES[base][0].kind
        if node.value is None:
            return ()
        if not isinstance(node.value, dict):
            message = f"expected a mapping `{kind}: strength`, found {node.describe()}"
            self.problem(node.place, path, message, "such as {l2: 1e-4}")
            return ()
        ordered = sorted(node.value.items())
        singles = [Node({name: child}, node.keys[name], {name: node.keys[name]}) for name, child in ordered]
        return tuple(self.component(base, single, path) for single in singles)


def frozen(value: Any) -> Any:
    """Lists as the tuples that a frozen component holds."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def names_layer(node: Node) -> bool:
    """Whether a layer stands where the list of layers should."""
    names = node.value if isinstance(node.value, dict) else [node.value]
    return any(name in reg for name in names for reg in REGISTRIES[Layer])


def single(node: Node, place: Place, path: str, known: Mapping[str, type[Any]]) -> str:
    """How to mend a mapping of several names where one component belongs."""
    if not isinstance(node.value, dict) or not node.value:
        return ""
    first, *others = node.value
    if place.text.rank:
        return f"to replace it whole, in quotes: '{path}={{{others[-1]}: ...}}'"
    if first in known and set(others) <= {p.name for p in parameters(known[first])}:
        return f"indent {' and '.join(others)} further, as parameters of {first}"
    if first in ("name", "type", "kind"):
        return f"write `{node.value[first].written}: {{{', '.join(f'{other}: ...' for other in others)}}}`"
    return "keep one of them"


def elsewhere(name: str) -> str:
    """Of what other kind a component of this name is."""
    kinds = [reg.kind for reg in registry.KINDS.values() if name in reg]
    return f"{name} is {article(kinds[0])}" if kinds else ""


def named(node: Node) -> str:
    """What stands where a single name should: the several names of a mapping, or another value."""
    return shortened(" and ".join(node.value)) if isinstance(node.value, dict) and node.value else node.describe()
