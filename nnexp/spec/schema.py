"""The JSON Schema of specs, from which editors complete and check them. It is made from the same signatures."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter

from nnexp.architectures.base import Architecture
from nnexp.layers.base import Layer
from nnexp.layers.chain import Chain
from nnexp.named import Named
from nnexp.penalties.base import Penalty
from nnexp.registry import Parameter, documentation, parameters
from nnexp.spec.baseline import KEY, BaselineSpec
from nnexp.spec.kinds import REGISTRIES, component_type, is_mapping, value_of
from nnexp.spec.sections import Spec
from nnexp.spec.validation import is_union, written

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema of a whole spec (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nnexp spec",
        "description": "One neural network to train, or one baseline to fit",
        "type": "object",
        "if": {"required": [KEY]},
        "then": _whole(BaselineSpec),
        "else": _whole(Spec),
        "$defs": {base.__name__: _component(base) for base in REGISTRIES},
    }


def _whole(cls: type[Any]) -> Schema:
    """A spec; its name is that of its file, and the loss follows from the data, where they are not written."""
    section = _section(cls)
    section["required"] = [name for name in section["required"] if name not in ("name", "loss")]
    return section


def _section(cls: type[Any]) -> Schema:
    """A mapping with fixed keys."""
    known = parameters(cls)
    return {
        "type": "object",
        "description": documentation(cls).summary,
        "properties": {p.name: _parameter(p) for p in known},
        "required": [p.name for p in known if p.required],
        "additionalProperties": False,
    }


def _component(base: type[Any]) -> Schema:
    """A component of a kind: its name, or a mapping of its name to its parameters."""
    classes = {name: registry[name] for registry in REGISTRIES[base] for name in registry}
    bare = [name for name, cls in classes.items() if not any(p.required for p in parameters(cls))]
    described = [{"const": name, "description": documentation(classes[name]).summary} for name in bare]
    full = {
        "type": "object",
        "properties": {name: _parameters(cls) for name, cls in classes.items()},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"anyOf": [*described, full]}


def _parameters(cls: type[Any]) -> Schema:
    """What stands behind a component's name: its parameters, or the first of them alone."""
    known = parameters(cls)
    if is_mapping(cls):
        return {"description": documentation(cls).summary, **_parameter(known[0])}
    section = _section(cls)
    options: list[Schema] = [section]
    if known and component_type(known[0].hint) in (None, Chain) and len([p for p in known if p.required]) <= 1:
        options.append(_parameter(known[0]))
    if not section["required"]:
        options.append({"type": "null"})
    return {"description": section["description"], "anyOf": options}


def _parameter(parameter: Parameter) -> Schema:
    """The type and the default of one parameter."""
    base = component_type(parameter.hint)
    if base is None:
        value: Schema = TypeAdapter(written(parameter.hint)).json_schema()
    elif get_origin(parameter.hint) is Named:
        one = _several(Layer) if base is Chain else _one(base)
        value = {"type": "object", "additionalProperties": one, "minProperties": int(parameter.required)}
    elif base is Chain:
        layers = _layers()
        value = {"type": "array", "items": layers} if get_origin(parameter.hint) is tuple else layers
    elif get_origin(parameter.hint) is tuple:
        value = _several(base)
    else:
        value = _one(base)
    if base is not None and is_union(parameter.hint) and NoneType in get_args(parameter.hint):
        value = {"anyOf": [value, {"type": "null"}]}
    if base is None and not parameter.required and not isinstance(parameter.default, tuple):
        value = {**value, "default": parameter.default}
    return value


def _one(base: type[Any]) -> Schema:
    """A component or a section, which may be the value of its only parameter."""
    if base in REGISTRIES:
        return {"$ref": f"#/$defs/{base.__name__}"}
    section, only = _section(base), value_of(base)
    return {"anyOf": [section, _parameter(only)]} if only else section


def _several(base: type[Any]) -> Schema:
    """A list of layers or an architecture that stands for one; a mapping of penalties."""
    if base is Penalty:
        [registry] = REGISTRIES[Penalty]
        properties = {name: _parameters(registry[name]) for name in registry}
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    if base is Layer:
        return {"anyOf": [_layers(), {"$ref": f"#/$defs/{Architecture.__name__}"}]}
    return {"type": "array", "items": {"$ref": f"#/$defs/{base.__name__}"}}


def _layers() -> Schema:
    """A list of layers."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{Layer.__name__}"}}
