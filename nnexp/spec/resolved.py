"""The resolved spec: every default written out, as plain values, as text, and as a hash.

It is a spec itself: loading it gives the same spec again.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from nnexp.nn.layers.chain import Chain
from nnexp.nn.named import Named
from nnexp.registry import Registry, component_parameters
from nnexp.spec.baseline import AnySpec
from nnexp.spec.parameter_types import REGISTRIES_BY_TYPE, find_only_parameter, is_mapping
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import format_yaml


def make_plain_spec(spec: AnySpec) -> dict[str, Any]:
    """The spec as nested dictionaries, lists and scalars, in the order of its fields."""
    values = _make_plain_parameters(spec)
    if isinstance(spec, Spec):
        values["regularization"] = {
            k: v for penalty in spec.regularization for k, v in _make_plain_component(penalty).items()
        }
    first = ("name", "seed", "data", "architecture", "activation", "init")
    return {name: values[name] for name in dict.fromkeys((*first, *values)) if name in values}


def format_spec(spec: AnySpec) -> str:
    """The resolved spec as YAML."""
    return format_yaml(make_plain_spec(spec))


def hash_spec(spec: AnySpec) -> str:
    """SHA-256 of the resolved spec, in hexadecimal: the identity of a run."""
    return hashlib.sha256(json.dumps(make_plain_spec(spec), sort_keys=True).encode()).hexdigest()


def make_plain_value(value: Any) -> Any:
    """What a parameter holds, as nested dictionaries, lists and scalars."""
    if isinstance(value, Chain):
        return [make_plain_value(layer) for layer in value.layers]
    if isinstance(value, Named):
        return {name: make_plain_value(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [make_plain_value(entry) for entry in value]
    if _find_registry(value):
        component = _make_plain_component(value)
        return component if any(component.values()) else next(iter(component))
    if hasattr(type(value), "__dataclass_fields__"):
        only = find_only_parameter(type(value))
        return make_plain_value(getattr(value, only.name)) if only else _make_plain_parameters(value)
    return value


def _make_plain_component(value: Any) -> dict[str, Any]:
    registry = _find_registry(value)
    assert registry, f"{value!r} is no component"
    given = _make_plain_parameters(value)
    return {registry.name_of(value): next(iter(given.values())) if is_mapping(type(value)) else given}


def _make_plain_parameters(value: Any) -> dict[str, Any]:
    return {p.name: make_plain_value(getattr(value, p.name)) for p in component_parameters(type(value))}


def _find_registry(value: Any) -> Registry | None:
    for base, registries in REGISTRIES_BY_TYPE.items():
        if isinstance(value, base):
            return next((r for r in registries if type(value) in map(r.__getitem__, r)), None)
    return None
