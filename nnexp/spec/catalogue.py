"""Every component that a spec can name: in words, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from annotated_types import BaseMetadata, DocInfo, Ge, Gt, Le, Lt

from nnexp.registry import REGISTRY_BY_KIND, Parameter, component_parameters, parse_docstring
from nnexp.spec.parameter_types import describe_type, find_component_type, is_optional
from nnexp.spec.resolved import make_plain_value
from nnexp.spec.validation import is_union, strip_per_replica
from nnexp.spec.yaml import format_flow

Choice: TypeAlias = bool | int | float | str

BOUND_NAMES: dict[type[BaseMetadata], tuple[str, str]] = {
    Ge: ("ge", "minimum"),
    Gt: ("gt", "exclusive_minimum"),
    Le: ("le", "maximum"),
    Lt: ("lt", "exclusive_maximum"),
}
"""Each bound's own name and the one that is shown."""


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """One parameter.

    type: what it takes, in words, without bounds and choices.  bounds: the limits of a number, `minimum`,
    `exclusive_minimum` and so on.  choices: the words or numbers that may be chosen among; where `type` names something
    else as well, that may stand there too.  nullable: whether null may stand there.  default: as a spec writes it.
    per_replica: whether runs that differ in it can be trained together.
    """

    name: str
    type: str
    bounds: dict[str, float]
    choices: tuple[Choice, ...]
    nullable: bool
    required: bool
    default: Any
    per_replica: bool
    takes: str
    """What it takes, in words, with bounds and choices."""

    @property
    def default_text(self) -> str:
        """The default on one line: a component with all its own defaults is its name."""
        return format_flow(self.default)

    @property
    def summary_line(self) -> str:
        """All of it on one line."""
        if self.required:
            return f"{self.name}: {self.takes}, required"
        return f"{self.name}: {self.default_text} ({self.takes})"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One component: its name, what it is, its formula, its parameters, and what else its docstring says."""

    name: str
    summary: str
    formula: str
    parameters: tuple[ParameterDescription, ...]
    notes: str

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)


def list_entries(kind: str) -> Iterator[CatalogueEntry]:
    """The components of a kind, by name."""
    registry = REGISTRY_BY_KIND[kind]
    for name in registry:
        words = parse_docstring(registry[name])
        parameters = tuple(map(describe_parameter, component_parameters(registry[name])))
        yield CatalogueEntry(name, words.summary, words.formula, parameters, words.rest)


def describe_parameter(parameter: Parameter) -> ParameterDescription:
    """A parameter of a component, as data."""
    hint = parameter.hint
    members: list[tuple[Any, list[Any]]] = []
    if not find_component_type(hint):
        members += _list_members(strip_per_replica(hint))
    bounds: dict[str, float] = {}
    choices: list[Choice] = []
    for member, metadata in members:
        bounds |= _find_bounds(metadata)
        if get_origin(member) is Literal:
            choices += get_args(member)
    return ParameterDescription(
        name=parameter.name,
        type=describe_type(_remove_bounds(hint)) if members else describe_type(hint),
        bounds=bounds,
        choices=tuple(choices),
        nullable=is_optional(hint),
        required=parameter.is_required,
        default=None if parameter.is_required else _shorten_default(parameter.default),
        per_replica=parameter.is_per_replica,
        takes=describe_type(hint),
    )


def _list_members(hint: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The types that a parameter is one of, each with its metadata."""
    if is_union(hint):
        for member in get_args(hint):
            yield from _list_members(member)
    elif get_origin(hint) is Annotated:
        base, *words = get_args(hint)
        yield from ((member, [*inner, *words]) for member, inner in _list_members(base))
    else:
        yield hint, []


def _find_bounds(metadata: list[Any]) -> dict[str, float]:
    """The limits of a number, by the names that are shown."""
    bounds = {}
    for word in metadata:
        for kind, (own, shown) in BOUND_NAMES.items():
            if isinstance(word, kind):
                bounds[shown] = getattr(word, own)
    return bounds


def _remove_bounds(hint: Any) -> Any:
    """The type without bounds and choices; one that says in words of its own what it takes stays as it is."""
    if get_origin(hint) is Annotated:
        base, *words = get_args(hint)
        return hint if any(isinstance(word, DocInfo) for word in words) else _remove_bounds(base)
    # `|` cannot join the types of a tuple.
    if get_origin(hint) is Literal:
        return Union[tuple(type(value) for value in get_args(hint))]  # noqa: UP007
    if is_union(hint):
        return Union[tuple(_remove_bounds(member) for member in get_args(hint))]  # noqa: UP007
    return hint


def _shorten_default(default: Any) -> Any:
    """A default as a spec writes it, a component with all its own defaults as its name."""
    plain = make_plain_value(default)
    if isinstance(plain, dict) and _has_only_defaults(default):
        return next(iter(plain))
    return plain


def _has_only_defaults(component: Any) -> bool:
    return all(getattr(component, p.name) == p.default for p in component_parameters(type(component)))
