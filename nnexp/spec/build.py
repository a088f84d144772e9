"""The tree of a spec to components: dispatch on registry names first, then validation of each one's parameters.

A component is written as its name, as `name: {parameters}`, or as `name: value` where the value is its first parameter.
A section is a mapping of its parameters; one with a single parameter may be written as the value of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_origin

from nnexp import registry
from nnexp.nn.architectures.base import Architecture
from nnexp.nn.layers.base import ImageShapeError, Layer, ShapeError
from nnexp.nn.layers.chain import Chain, make_chain
from nnexp.nn.layers.output import Output
from nnexp.nn.named import Named
from nnexp.nn.network import kind_of
from nnexp.nn.penalties.base import Penalty
from nnexp.registry import Parameter, component_parameters
from nnexp.spec.aliases import KEY_ALIASES, find_ours
from nnexp.spec.checks.advice import suggest_fix
from nnexp.spec.parameter_types import (
    REGISTRIES_BY_TYPE,
    describe_single,
    describe_type,
    find_component_classes,
    find_component_type,
    find_only_parameter,
    has_component,
    is_mapping,
    is_optional,
    list_words,
    name_kind,
    strip_words,
)
from nnexp.spec.problems import Place, Problem
from nnexp.spec.suggestions import suggest_component, suggest_images, suggest_key, suggest_section, suggest_single_name
from nnexp.spec.validation import find_entry_type, validate_parameters
from nnexp.spec.yaml import Node, join_path
from nnexp.typing import Shape
from nnexp.wording import find_closest, shorten_text, suggest_nearest


class Builder:
    """Builds components from nodes and collects the problems; what cannot be built is None.

    `shape` is the core shape of the data, to which presets are expanded; None where there is something wrong with them.
    `root` is the tree of the whole spec, in which the place of a key that stands elsewhere is looked for.
    """

    def __init__(self, shape: Shape | None = None, root: Node | None = None) -> None:
        self.shape = shape
        self.root = root
        self.problems: list[Problem] = []

    def add_problem(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def build_section(self, cls: type[Any], node: Node, path: str) -> Any:
        """A dataclass with fixed keys, such as `training`; where it has but one, the value of that alone is enough."""
        if not isinstance(node.value, dict):
            only = find_only_parameter(cls)
            if only:
                return self.build_instance(cls, Node({}, node.place, {only.name: node.place}), {only.name: node}, path)
            keys = ", ".join(p.name for p in component_parameters(cls))
            message = f"expected a mapping with the keys {keys}, found {node.describe()}"
            self.add_problem(node.place, path, message, suggest_section(cls, path, node))
            return None
        return self.build_instance(cls, node, node.value, path)

    def build_component(self, base: type[Any], node: Node, path: str) -> Any:
        """A component of the kind `base`, by name."""
        kind, known = name_kind(base), find_component_classes(base)
        name, place, value = self.split_head(node)
        if name is None:
            message = f"expected one {kind}, `name` or `name: {{parameters}}`, found {describe_names(node)}"
            self.add_problem(place, path, message, suggest_single_name(self.root, path, known, node, place))
            return None
        if name not in known:
            suggestion = suggest_component(self.root, path, base, name, node, place)
            self.add_problem(place, path, f"unknown {kind} {shorten_text(name)!r}", suggestion)
            return None
        return self.build_with_parameters(known[name], value, place, join_path(path, name))

    def split_head(self, node: Node) -> tuple[str | None, Place, Node | None]:
        """The name of a component, its place, and the node of its parameters."""
        if isinstance(node.value, str):
            return node.value, node.place, None
        if isinstance(node.value, dict) and len(node.value) == 1:
            [(name, value)] = node.value.items()
            return name, node.keys[name], value
        # Of several names the last is the one too many.
        return None, [node.place, *node.keys.values()][-1], None

    def build_with_parameters(self, cls: type[Any], value: Node | None, place: Place, path: str) -> Any:
        """The component of a class from the node that stands behind its name."""
        if value is None or value.value is None:
            return self.build_instance(cls, Node({}, place), {}, path)
        known = component_parameters(cls)
        if isinstance(value.value, dict) and not is_mapping(cls):
            return self.build_instance(cls, Node(value.value, place, value.keys), value.value, path)
        if not known:
            self.add_problem(value.place, path, f"takes no parameters, found {value.describe()}")
            return None
        first = known[0].name
        return self.build_instance(cls, Node({}, place, {first: value.place}), {first: value}, path)

    def build_instance(self, cls: type[Any], node: Node, given: dict[str, Node], path: str) -> Any:
        """An instance of `cls`, or None where a parameter is unknown, missing or wrong."""
        known = {parameter.name: parameter for parameter in component_parameters(cls)}
        before = len(self.problems)
        nested = frozenset(parameter.name for parameter in known.values() if has_component(parameter))
        values = {}
        misspelt = set()
        for name, child in given.items():
            if name in nested:
                below = path if is_mapping(cls) else join_path(path, name)
                values[name] = self.build_nested(known[name], child, below)
                continue
            values[name] = freeze_lists(child.make_plain())
            if name not in known:
                misspelt |= {find_closest(name, known), *find_ours(name, KEY_ALIASES)}
        valid, faults = validate_parameters(cls, values, nested)
        for (name, entry), kind in faults.items():
            if kind == "extra_forbidden":
                self.report_unknown(name, given[name], list(known), node.keys.get(name, node.place), path)
            elif kind != "missing":
                self.report_wrong_value(known[name].hint, given[name], join_path(path, name), entry)
            elif name not in misspelt:
                # One mistake is one problem: a parameter that is misspelt is not missing as well.
                self.report_missing(known[name], node.place, path)
        return cls(**valid) if len(self.problems) == before else None

    def report_missing(self, parameter: Parameter, place: Place, path: str) -> None:
        """A parameter without a default that was not given."""
        name = path.rpartition(".")[2]
        example = f"{parameter.name}: ..."
        if any(name in components for components in registry.REGISTRY_BY_KIND.values()):
            example = f"{name}: {{{example}}}"
        message = f"needs `{parameter.name}`, {describe_type(parameter.hint)}"
        self.add_problem(place, path, message, f"write `{example}`")

    def report_unknown(self, name: str, value: Node, known: list[str], place: Place, path: str) -> None:
        """A key that is no parameter."""
        suggestion = suggest_key(self.root, join_path(path, name), known, value, place)
        shown = shorten_text(name)
        self.add_problem(place, join_path(path, shown), f"unknown key {shown!r}", suggestion)

    def report_wrong_value(self, hint: Any, found: Node, path: str, entry: int | None) -> None:
        """A value, or the entry of a list, that is of another type or out of bounds."""
        if entry is not None and isinstance(found.value, list):
            found, path = found.value[entry], f"{path}.{entry}"
            hint = find_entry_type(hint)
        message = f"expected {describe_type(hint)}, found {found.describe()}"
        self.add_problem(found.place, path, message, suggest_fix(hint, found))

    def build_nested(self, parameter: Parameter, node: Node, path: str) -> Any:
        """The value of a parameter that holds a section, a component, or several."""
        words, hint = list_words(parameter.hint), strip_words(parameter.hint)
        base = find_component_type(hint)
        if node.value is None and is_optional(hint):
            return None
        if words and not isinstance(node.value, dict):
            return self.build_word(words, parameter, node, path)
        if get_origin(hint) is Named:
            return self.build_named(base, node, path, may_be_empty=not parameter.is_required)
        if get_origin(hint) is not tuple:
            return self.build_one(base, node, path)
        if base is Chain:
            return self.build_branches(node, path)
        return self.build_several(base, node, path)

    def build_word(self, words: Sequence[str], parameter: Parameter, node: Node, path: str) -> str | None:
        """One of the words that may stand where otherwise a section or component does."""
        if isinstance(node.value, str) and node.value in words:
            return node.value
        suggestion = suggest_nearest(node.value, words) if isinstance(node.value, str) else ""
        message = f"expected {describe_type(parameter.hint)}, found {node.describe()}"
        self.add_problem(node.place, path, message, suggestion)
        return None

    def build_named(self, base: type[Any], node: Node, path: str, *, may_be_empty: bool) -> Named[Any] | None:
        """A mapping of names to components, sections or lists of layers; their order in the text means nothing."""
        if not isinstance(node.value, dict) or not (node.value or may_be_empty):
            message = f"expected a mapping of names, each to {describe_single(base)}, found {node.describe()}"
            self.add_problem(node.place, path, message, "for example {first: ..., second: ...}")
            return None
        values = {}
        for name, child in sorted(node.value.items()):
            values[name] = self.build_one(base, child, join_path(path, name))
        return Named(tuple(values), tuple(values.values()))

    def build_one(self, base: type[Any], node: Node, path: str) -> Any:
        """A component, a section or a list of layers."""
        if base is Chain:
            return self.build_chain(node, path)
        if base in REGISTRIES_BY_TYPE:
            return self.build_component(base, node, path)
        return self.build_section(base, node, path)

    def build_several(self, base: type[Any], node: Node, path: str) -> Any:
        """A list of layers or a preset that stands for one, or a mapping of penalties by name."""
        if base is Penalty:
            return self.build_by_name(base, node, path)
        if base is Layer and node.value and isinstance(node.value, str | dict) and not is_single_layer(node):
            return self.build_preset(node, path)
        if not isinstance(node.value, list):
            message = f"expected a list of {name_kind(base)}s, found {node.describe()}"
            self.add_problem(node.place, path, message, f"begin each {name_kind(base)} with `- ` on a line of its own")
            return ()
        return tuple(self.build_component(base, child, f"{path}.{i}") for i, child in enumerate(node.value))

    def build_preset(self, node: Node, path: str) -> tuple[Layer, ...]:
        """The layers that an architecture stands for, where the data are of known shape; otherwise the last of them."""
        architecture: Architecture | None = self.build_component(Architecture, node, path)
        if architecture is None or self.shape is None:
            # Enough of a network for the checks of everything else.
            return (Output(),)
        try:
            return architecture.build_layers(self.shape)
        except ShapeError as error:
            has_flat_data = isinstance(error, ImageShapeError) and len(self.shape) < 3
            suggestion = suggest_images(self.root) if has_flat_data and self.root else ""
            self.add_problem(node.place, path, str(error), suggestion)
            return ()

    def build_chain(self, node: Node, path: str) -> Chain | None:
        """The list of layers that a layer holds."""
        before = len(self.problems)
        if not isinstance(node.value, list):
            name, place, _ = self.split_head(node)
            message = f"expected a list of layers, found {node.describe()}"
            if name in registry.architectures:
                message = f"{name} is a whole network with its `output`; expected the layers of a part of one"
            self.add_problem(place, path, message, "list the layers, for example [dense: 8, relu]")
            return None
        layers = self.build_several(Layer, node, path)
        if len(self.problems) > before:
            return None
        return make_chain(layers, list(map(kind_of, layers)))

    def build_branches(self, node: Node, path: str) -> tuple[Chain | None, ...]:
        """A list of lists of layers."""
        if not isinstance(node.value, list):
            message = f"expected a list of branches, each a list of layers, found {node.describe()}"
            self.add_problem(node.place, path, message, "for example [[dense: 8, relu], [dense: 8]]")
            return ()
        return tuple(self.build_chain(child, f"{path}.{i}") for i, child in enumerate(node.value))

    def build_by_name(self, base: type[Any], node: Node, path: str) -> Any:
        """A mapping `name: parameters` of components that act together; their order in the text means nothing."""
        if node.value is None:
            return ()
        if not isinstance(node.value, dict):
            message = f"expected a mapping `{name_kind(base)}: strength`, found {node.describe()}"
            self.add_problem(node.place, path, message, "for example {l2: 1e-4}")
            return ()
        ordered = sorted(node.value.items())
        singles = [Node({name: child}, node.keys[name], {name: node.keys[name]}) for name, child in ordered]
        return tuple(self.build_component(base, single, path) for single in singles)


def freeze_lists(value: Any) -> Any:
    """Lists as the tuples that a frozen component holds."""
    if isinstance(value, list):
        return tuple(map(freeze_lists, value))
    return value


def is_single_layer(node: Node) -> bool:
    """Whether a layer stands where the list of layers should."""
    names = list(node.value) if isinstance(node.value, dict) else [node.value]
    return not find_component_classes(Layer).keys().isdisjoint(names)


def describe_names(node: Node) -> str:
    """What stands where a single name should: the several names of a mapping, or another value."""
    if isinstance(node.value, dict) and node.value:
        return shorten_text(" and ".join(node.value))
    return node.describe()
