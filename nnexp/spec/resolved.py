"""The resolved spec: every default written out, as plain values, as text, and as a hash.

It is a spec itself: loading it gives the same spec again.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from nnexp.layers.chain import Chain
from nnexp.registry import Registry, parameters
from nnexp.spec.build import REGISTRIES
from nnexp.spec.sections import Spec
from nnexp.spec.text import dump


def plain(spec: Spec) -> dict[str, Any]:
    """The spec as nested dictionaries, lists and scalars, in the order of its fields."""
    values = _parameters(spec)
    values["regularization"] = {k: v for penalty in spec.regularization for k, v in _component(penalty).items()}
    first = ("name", "seed", "data", "architecture", "activation", "init")
    return {name: values[name] for name in dict.fromkeys((*first, *values))}


def text(spec: Spec) -> str:
    """The resolved spec as YAML."""
    return dump(plain(spec))


def digest(spec: Spec) -> str:
    """SHA-256 of the resolved spec, in hexadecimal: the identity of a run."""
    return hashlib.sha256(json.dumps(plain(spec), sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Chain):
        return [_plain(layer) for layer in value.layers]
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if _registry(value):
        component = _component(value)
        return component if any(component.values()) else next(iter(component))
    if hasattr(type(value), "__dataclass_fields__"):
        return _parameters(value)
    return value


def _component(value: Any) -> dict[str, Any]:
    registry = _registry(value)
    assert registry, f"{value!r} is no component"
    return {registry.name_of(value): _parameters(value)}


def _parameters(value: Any) -> dict[str, Any]:
    return {p.name: _plain(getattr(value, p.name)) for p in parameters(type(value))}


def _registry(value: Any) -> Registry | None:
    for base, registries in REGISTRIES.items():
        if isinstance(value, base):
            return next((r for r in registries if type(value) in map(r.__getitem__, r)), None)
    return None
