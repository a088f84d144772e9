"""What is recorded of a run: the values of what varies, read from what was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nnexp import registry
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.spec import Spec

ABSENT = object()
"""Stands where a resolved spec has no such key, as below a preset, which is resolved to its layers."""


def value_at(plain: Any, path: str) -> Any:
    """What stands at a dotted path of plain values; ABSENT where there is nothing.

    >>> value_at({"architecture": [{"dense": {"units": 3}}]}, "architecture.0.dense.units")
    3
    """
    for key in path.split("."):
        if isinstance(plain, dict) and key in plain:
            plain = plain[key]
        elif isinstance(plain, list) and key.isdecimal() and int(key) < len(plain):
            plain = plain[int(key)]
        else:
            return ABSENT
    return plain


def trained_cells(cells: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a variant with the values that its resolved spec has.

    A cell stays as it was written where the resolved spec says the same in more words.
    """
    return {path: _trained(value, value_at(plain, path)) for path, value in cells.items()}


def _trained(written: Any, found: Any) -> Any:
    if found is ABSENT or isinstance(found, list) or written is None:
        return written
    if isinstance(found, dict):
        # A component is recorded by its name; its first parameter may have been written in the place of all.
        name = next(iter(found), written)
        return written if written in (name, found.get(name)) or len(found) != 1 else name
    return written if written == found else found


def meaning(spec: AnySpec) -> str:
    """The resolved spec without what makes no difference: its name, and an activation that no layer takes."""
    plain = resolved.make_plain_spec(spec)
    del plain["name"]
    if isinstance(spec, Spec) and not _takes_activation(spec):
        del plain["activation"]
    return json.dumps(plain, sort_keys=True)


def _takes_activation(spec: Spec) -> bool:
    """Whether the network is another one with another activation."""
    description = describe_data(spec.data)
    other = "tanh" if registry.activations.name_of(spec.activation) != "tanh" else "relu"
    changed = replace(spec, activation=registry.activations[other]())
    return spec.build_network(description) != changed.build_network(description)
