"""The resolved spec: every default written out, as plain values, as text, and as a hash.

It is a spec itself: loading it gives the same spec again.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from nnexp.layers.chain import Chain
from nnexp.named import Named
from nnexp.registry import Registry, parameters
from nnexp.spec.baseline import AnySpec
from nnexp.spec.kinds import REGISTRIES, is_mapping, value_of
from nnexp.spec.sections import Spec
from nnexp.spec.text import dump


def plain(spec: AnySpec) -> dict[str, Any]:
    """The spec as nested dictionaries, lists and scalars, in the order of its fields."""
    values = _parameters(spec)
    if isinstance(spec, Spec):
        values["regularization"] = {k: v for penalty in spec.regularization for k, v in _component(penalty).items()}
    first = ("name", "seed", "data", "architecture", "activation", "init")
    return {name: values[name] for name in dict.fromkeys((*first, *values)) if name in values}


def text(spec: AnySpec) -> str:
    """The resolved spec as YAML."""
    return dump(plain(spec))


def digest(spec: AnySpec) -> str:
    """SHA-256 of the resolved spec, in hexadecimal: the identity of a run."""
    return hashlib.sha256(json.dumps(plain(spec), sort_keys=True).encode()).hexdigest()


def plain_value(value: Any) -> Any:
    """What a parameter holds, as nested dictionaries, lists and scalars."""
    if isinstance(value, Chain):
        return [plain_value(layer) for layer in value.layers]
    if isinstance(value, Named):
        return {name: plain_value(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [plain_value(entry) for entry in value]
    if _registry(value):
        component = _component(value)
        return component if any(component.values()) else next(iter(component))
    if hasattr(type(value), "__dataclass_fields__"):
        only = value_of(type(value))
        return plain_value(getattr(value, only.name)) if only else _parameters(value)
    return value


def _component(value: Any) -> dict[str, Any]:
    registry = _registry(value)
    assert registry, f"{value!r} is no component"
    given = _parameters(value)
    return {registry.name_of(value): next(iter(given.values())) if is_mapping(type(value)) else given}


def _parameters(value: Any) -> dict[str, Any]:
    return {p.name: plain_value(getattr(value, p.name)) for p in parameters(type(value))}


def _registry(value: Any) -> Registry | None:
    for base, registries in REGISTRIES.items():
        if isinstance(value, base):
            return next((r for r in registries if type(value) in map(r.__getitem__, r)), None)
    return None
