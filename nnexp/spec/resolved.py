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

FIRST_KEYS = ("name", "seed", "data", "architecture", "activation", "init")
"""The keys that a person looks for first; the others follow in the order of the class."""


def make_plain_spec(spec: AnySpec) -> dict[str, Any]:
    """The spec as nested dictionaries, lists and scalars, in the order of its fields."""
    values = _make_plain_parameters(spec)
    if isinstance(spec, Spec):
        # Of penalties there is a list in Python, and in a spec a mapping, since their order means nothing.
        values["regularization"] = {}
        for penalty in spec.regularization:
            values["regularization"] |= _make_plain_component(penalty)
    # Not every spec has all of these: a baseline is without layers.
    first = {key: values.pop(key) for key in FIRST_KEYS if key in values}
    return first | values


def format_spec(spec: AnySpec) -> str:
    """The resolved spec as YAML."""
    return format_yaml(make_plain_spec(spec))


def hash_spec(spec: AnySpec) -> str:
    """SHA-256 of the resolved spec, in hexadecimal: the identity of a run."""
    # Sorted, so that a new order of the fields would not rename every run.
    text = json.dumps(make_plain_spec(spec), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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
        # Without parameters the name alone stands for it, as a person would write it.
        return component if any(component.values()) else next(iter(component))
    if hasattr(type(value), "__dataclass_fields__"):
        return _make_plain_section(value)
    return value


def _make_plain_section(section: Any) -> Any:
    short = find_only_parameter(type(section))
    if short is not None:
        value = getattr(section, short.name)
        if section == type(section)(**{short.name: value}):  # all else is as usual
            return make_plain_value(value)
    return _make_plain_parameters(section)


def _make_plain_component(value: Any) -> dict[str, Any]:
    registry = _find_registry(value)
    assert registry, f"{value!r} is no component"
    parameters: Any = _make_plain_parameters(value)
    if is_mapping(type(value)):
        [parameters] = parameters.values()
    return {registry.name_of(value): parameters}


def _make_plain_parameters(value: Any) -> dict[str, Any]:
    return {p.name: make_plain_value(getattr(value, p.name)) for p in component_parameters(type(value))}


def _find_registry(value: Any) -> Registry | None:
    """The registry of a component; None where the value is none."""
    for base, registries in REGISTRIES_BY_TYPE.items():
        if isinstance(value, base):
            for registry in registries:
                if type(value) in map(registry.__getitem__, registry):
                    return registry
            return None
    return None
