"""Every component that a spec can name: in words, and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from annotated_types import BaseMetadata, DocInfo, Ge, Gt, Le, Lt

from nnexp.registry import KINDS, Parameter, documentation, parameters
from nnexp.spec.kinds import component_type, expected, is_optional
from nnexp.spec.resolved import plain_value
from nnexp.spec.validation import is_union, written

Scalar: TypeAlias = bool | int | float | str

BOUNDS: dict[type[BaseMetadata], tuple[str, str]] = {
    Ge: ("ge", "minimum"),
    Gt: ("gt", "exclusive_minimum"),
    Le: ("le", "maximum"),
    Lt: ("lt", "exclusive_maximum"),
}
"""Each bound's own name and the one that is shown."""


@dataclass(frozen=True, slots=True)
class Described:
    """One parameter.

    type: what it takes, in words, without bounds and choices.  bounds: the limits of a number, `minimum`,
    `exclusive_minimum` and so on.  choices: the words or numbers that may be chosen among; where `type` names something
    else as well, that may stand there too.  nullable: whether null may stand there.  default: as a spec writes it.
    per_replica: whether runs that differ in it can be trained together.
    """

    name: str
    type: str
    bounds: dict[str, float]
    choices: tuple[Scalar, ...]
    nullable: bool
    required: bool
    default: Any
    per_replica: bool
    takes: str
    """What it takes, in words, with bounds and choices."""

    @property
    def shown_default(self) -> str:
        """The default on one line: a component with all its own defaults is its name."""
        return _flow(self.default)

    @property
    def words(self) -> str:
        """All of it on one line."""
        return f"{self.name}: " + (
            f"{self.takes}, required" if self.required else f"{self.shown_default} ({self.takes})"
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One component: its name, what it is, its formula, its parameters, and what else its docstring says."""

    name: str
    summary: str
    formula: str
    parameters: tuple[Described, ...]
    notes: str

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)


def entries(kind: str) -> Iterator[Entry]:
    """The components of a kind, by name."""
    for name in KINDS[kind]:
        cls = KINDS[kind][name]
        words = documentation(cls)
        yield Entry(name, words.summary, words.formula, tuple(map(described, parameters(cls))), words.rest)


def described(parameter: Parameter) -> Described:
    """A parameter of a component, as data."""
    hint = parameter.hint
    members = [] if component_type(hint) else list(_members(written(hint)))
    return Described(
        name=parameter.name,
        type=expected(_loose(hint)) if members else expected(hint),
        bounds={shown: getattr(word, own) for _, words in members for word in words for own, shown in _bound(word)},
        choices=tuple(value for member, _ in members if get_origin(member) is Literal for value in get_args(member)),
        nullable=is_optional(hint),
        required=parameter.required,
        default=None if parameter.required else _short(parameter.default),
        per_replica=parameter.per_replica,
        takes=expected(hint),
    )


def _members(hint: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The types that a parameter is one of, each with its metadata."""
    if is_union(hint):
        for member in get_args(hint):
            yield from _members(member)
    elif get_origin(hint) is Annotated:
        base, *words = get_args(hint)
        yield from ((member, [*inner, *words]) for member, inner in _members(base))
    else:
        yield hint, []


def _bound(word: Any) -> Iterator[tuple[str, str]]:
    yield from (names for kind, names in BOUNDS.items() if isinstance(word, kind))


def _loose(hint: Any) -> Any:
    """The type without bounds and choices; one that says in words of its own what it takes stays as it is."""
    if get_origin(hint) is Annotated:
        base, *words = get_args(hint)
        return hint if any(isinstance(word, DocInfo) for word in words) else _loose(base)
    if get_origin(hint) is Literal:
        return Union[tuple(type(value) for value in get_args(hint))]  # noqa: UP007
    if is_union(hint):
        return Union[tuple(_loose(member) for member in get_args(hint))]  # noqa: UP007
    return hint


def _short(default: Any) -> Any:
    """A default as a spec writes it, a component with all its own defaults as its name."""
    plain = plain_value(default)
    if isinstance(plain, dict) and all(getattr(default, p.name) == p.default for p in parameters(type(default))):
        return next(iter(plain))
    return plain


def _flow(value: Any) -> str:
    """A plain value as a spec takes it, on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, str):
        return value if value.replace("_", "").isalnum() else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
