"""The JSON Schema of specs, from which editors complete and check them. It is made from the same signatures."""

from __future__ import annotations

from typing import Any, get_origin

from pydantic import TypeAdapter

from nnexp.nn.architectures.base import Architecture
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.named import Named
from nnexp.nn.penalties.base import Penalty
from nnexp.registry import Parameter, component_parameters, parse_docstring
from nnexp.spec.baseline import BASELINE_KEY, BaselineSpec
from nnexp.spec.parameter_types import (
    REGISTRIES_BY_TYPE,
    find_component_classes,
    find_component_type,
    find_only_parameter,
    is_mapping,
    is_optional,
    list_words,
    strip_words,
)
from nnexp.spec.spec import Spec
from nnexp.spec.validation import strip_per_replica

Schema = dict[str, Any]


def build_schema() -> Schema:
    """The schema of a whole spec (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nnexp spec",
        "description": "One neural network to train, or one baseline to fit",
        "type": "object",
        "if": {"required": [BASELINE_KEY]},
        "then": _build_spec_schema(BaselineSpec),
        "else": _build_spec_schema(Spec),
        "$defs": {base.__name__: _build_component_schema(base) for base in REGISTRIES_BY_TYPE},
    }


def _build_spec_schema(cls: type[Any]) -> Schema:
    """A spec; its name is that of its file, and the loss follows from the data, where they are not written."""
    section = _build_section_schema(cls)
    section["required"] = [name for name in section["required"] if name not in ("name", "loss")]
    return section


def _build_section_schema(cls: type[Any]) -> Schema:
    """A mapping with fixed keys."""
    return {
        "type": "object",
        "description": parse_docstring(cls).summary,
        "properties": {parameter.name: _build_parameter_schema(parameter) for parameter in component_parameters(cls)},
        "required": _list_required(cls),
        "additionalProperties": False,
    }


def _build_component_schema(base: type[Any]) -> Schema:
    """A component of a kind: its name, or a mapping of its name to its parameters."""
    bare: list[Schema] = []
    properties = {}
    for name, cls in find_component_classes(base).items():
        properties[name] = _build_parameters_schema(cls)
        if not _list_required(cls):
            bare.append({"const": name, "description": parse_docstring(cls).summary})
    full = {
        "type": "object",
        "properties": properties,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"anyOf": [*bare, full]}


def _list_required(cls: type[Any]) -> list[str]:
    """The parameters without a default."""
    return [parameter.name for parameter in component_parameters(cls) if parameter.is_required]


def _build_parameters_schema(cls: type[Any]) -> Schema:
    """What stands behind a component's name: its parameters, or the first of them alone."""
    known = component_parameters(cls)
    if is_mapping(cls):
        return {"description": parse_docstring(cls).summary, **_build_parameter_schema(known[0])}
    section = _build_section_schema(cls)
    options: list[Schema] = [section]
    # Required parameters come first: with two of them, the first alone is not enough.
    if known and find_component_type(known[0].hint) in (None, Chain) and len(section["required"]) <= 1:
        options.append(_build_parameter_schema(known[0]))
    if not section["required"]:
        options.append({"type": "null"})
    return {"description": section["description"], "anyOf": options}


def _build_parameter_schema(parameter: Parameter) -> Schema:
    """The type and the default of one parameter."""
    base = find_component_type(parameter.hint)
    if base is not None:
        value = _build_nested_schema(parameter, base)
        if words := list_words(parameter.hint):
            return {"anyOf": [{"enum": list(words)}, value], "default": parameter.default}
        return {"anyOf": [value, {"type": "null"}]} if is_optional(parameter.hint) else value
    plain: Schema = TypeAdapter(strip_per_replica(parameter.hint)).json_schema()
    # JSON has no tuples, and the only default that is one is empty.
    if not parameter.is_required and not isinstance(parameter.default, tuple):
        plain["default"] = parameter.default
    return plain


def _build_nested_schema(parameter: Parameter, base: type[Any]) -> Schema:
    """A parameter that holds sections or components of the class `base`: one, several, or several by name."""
    origin = get_origin(strip_words(parameter.hint))
    if origin is Named:
        one = _build_several_schema(Layer) if base is Chain else _build_one_schema(base)
        return {"type": "object", "additionalProperties": one, "minProperties": int(parameter.is_required)}
    if base is Chain:
        layers = _build_layers_schema()
        return {"type": "array", "items": layers} if origin is tuple else layers
    return _build_several_schema(base) if origin is tuple else _build_one_schema(base)


def _build_one_schema(base: type[Any]) -> Schema:
    """A component or a section, which may be the value of its only parameter."""
    if base in REGISTRIES_BY_TYPE:
        return {"$ref": f"#/$defs/{base.__name__}"}
    section = _build_section_schema(base)
    only = find_only_parameter(base)
    if only is None:
        return section
    return {"anyOf": [section, _build_parameter_schema(only)]}


def _build_several_schema(base: type[Any]) -> Schema:
    """A list of layers or an architecture that stands for one; a mapping of penalties."""
    if base is Penalty:
        classes = find_component_classes(Penalty)
        properties = {name: _build_parameters_schema(cls) for name, cls in classes.items()}
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    if base is Layer:
        return {"anyOf": [_build_layers_schema(), {"$ref": f"#/$defs/{Architecture.__name__}"}]}
    return {"type": "array", "items": {"$ref": f"#/$defs/{base.__name__}"}}


def _build_layers_schema() -> Schema:
    """A list of layers."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{Layer.__name__}"}}
