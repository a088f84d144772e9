"""A component's parameters held against its constructor's signature, by pydantic.

Only this module and `nnexp.spec.schema` know pydantic. A model is generated from the signature: unknown parameters are
errors, booleans are strict, a whole number is accepted where a float belongs, and nothing is converted from text.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import numpy as np
from annotated_types import DocInfo, Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from nnexp.registry import component_parameters
from nnexp.typing import PerReplica


def make_pydantic_model(cls: type[Any], components: frozenset[str] = frozenset()) -> type[BaseModel]:
    """The pydantic model of a constructor; the fields named in `components` hold components and pass unchecked."""
    if (cls, components) not in _PYDANTIC_MODELS:
        fields: dict[str, Any] = {}
        for parameter in component_parameters(cls):
            hint = Any if parameter.name in components else strip_per_replica(parameter.hint)
            fields[parameter.name] = (hint, ... if parameter.is_required else parameter.default)
        # Strict, so that "3" is no number and 1 is not true; infinite numbers are no settings.
        config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
        _PYDANTIC_MODELS[cls, components] = create_model(cls.__name__, __config__=config, **fields)
    return _PYDANTIC_MODELS[cls, components]


_PYDANTIC_MODELS: dict[tuple[type[Any], frozenset[str]], type[BaseModel]] = {}
"""What `make_pydantic_model` has made, since making one is slow."""

ParameterErrors: TypeAlias = dict[tuple[str, int | None], str]
"""The wrong parameters (of a list: the wrong entry), each with pydantic's kind of error.

The kinds that matter are "missing" and "extra_forbidden"; all others are a wrong value.
"""


def validate_parameters(
    cls: type[Any], values: dict[str, Any], components: frozenset[str]
) -> tuple[dict[str, Any], ParameterErrors]:
    """The values that were given, whole numbers made real where a real number belongs; and what is wrong with them."""
    try:
        valid = make_pydantic_model(cls, components).model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # Reversed, so that of several errors in one parameter, one for each type of a union, the first is kept.
        found = {_find_parameter(e["loc"]): e["type"] for e in reversed(errors)}
        # Where a list is one of several types, the entry that is wrong says more than that it is none of the others.
        named = {name for name, entry in found if entry is not None}
        return {}, {key: kind for key, kind in found.items() if key[1] is not None or key[0] not in named}
    return {name: getattr(valid, name) for name in values}, {}


def _find_parameter(location: tuple[int | str, ...]) -> tuple[str, int | None]:
    """The name of the parameter, and the index of the entry where it is one of a list."""
    name, *rest = location
    # where a list is one of several types, that type's name comes first
    for step in rest[:2]:
        if isinstance(step, int):
            return str(name), step
    return str(name), None


def strip_per_replica(hint: Any) -> Any:
    """The type of a parameter as a spec writes it: without the array that it becomes inside a stack."""
    if get_origin(hint) is Annotated:
        base, *metadata = get_args(hint)
        words = [word for word in metadata if not isinstance(word, PerReplica)]
        return Annotated[(strip_per_replica(base), *words)] if words else strip_per_replica(base)
    if is_union(hint):
        return Union[tuple(strip_per_replica(m) for m in get_args(hint) if get_origin(m) is not np.ndarray)]  # noqa: UP007
    return hint


def find_entry_type(hint: Any) -> Any:
    """The type of an entry of a list, where that is what a parameter holds, or one of what it may hold."""
    for member in get_args(hint) if is_union(hint) else (hint,):
        if get_origin(member) is tuple:
            return get_args(member)[0]
    return hint


def is_union(hint: Any) -> bool:
    """Whether an annotation is a union, in either of Python's spellings."""
    return get_origin(hint) in (Union, types.UnionType)


def describe_plain_type(hint: Any) -> str:
    """What may stand for a parameter of this type, in words: "a number > 0", "true or false", "one of in, out"."""
    hint = strip_per_replica(hint)
    if get_origin(hint) is Annotated:
        return _describe_annotated(*get_args(hint))
    if get_origin(hint) is Literal:
        names = [str(value) for value in get_args(hint)]
        return names[0] if len(names) == 1 else f"one of {', '.join(names)}"
    if is_union(hint):
        if set(get_args(hint)) == {int, float}:
            return "a number"
        return " or ".join(describe_plain_type(member) for member in get_args(hint) if member is not types.NoneType)
    if get_origin(hint) is tuple:
        return f"a list, each entry {describe_plain_type(get_args(hint)[0])}"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[hint]


def _describe_annotated(base: Any, *metadata: Any) -> str:
    """A type with bounds, or with words of its own for what it takes."""
    for word in metadata:
        if isinstance(word, DocInfo):
            return word.documentation
    return describe_plain_type(base) + _describe_bounds(metadata)


def _describe_bounds(metadata: Iterable[Any]) -> str:
    """The bounds of a number, such as " > 0 and ≤ 1"; empty where there are none."""
    bounds = []
    for word in metadata:
        match word:
            case Ge(limit):
                bounds.append(f"≥ {limit}")
            case Gt(limit):
                bounds.append(f"> {limit}")
            case Le(limit):
                bounds.append(f"≤ {limit}")
            case Lt(limit):
                bounds.append(f"< {limit}")
    return f" {' and '.join(bounds)}" if bounds else ""
