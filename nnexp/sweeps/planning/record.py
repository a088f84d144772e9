"""What a sweep records of a run: the varied values as they stand in its resolved spec, and what makes it unique."""

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
"""Stands for a key that a resolved spec does not have, such as one below a preset, which is resolved to its layers."""


def find_value(plain: Any, path: str) -> Any:
    """The value at a dotted path of plain values; ABSENT if there is none.

    >>> find_value({"architecture": [{"dense": {"units": 3}}]}, "architecture.0.dense.units")
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


def resolve_cells(cells: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a variant with the values of its resolved spec.

    A cell stays as it was written if the resolved spec only says the same in more words.
    """
    return {path: _resolve_cell(written, find_value(plain, path)) for path, written in cells.items()}


def _resolve_cell(written: Any, found: Any) -> Any:
    if found is ABSENT or isinstance(found, list) or written is None:
        return written
    if not isinstance(found, dict):
        return written if written == found else found
    if len(found) != 1:
        return written
    # A component is recorded by its name; its first parameter may have been written in place of all.
    [(name, parameters)] = found.items()
    return written if written in (name, parameters) else name


def format_meaning(spec: AnySpec) -> str:
    """The resolved spec without what makes no difference: its name, and an activation that no layer uses."""
    plain = resolved.make_plain_spec(spec)
    del plain["name"]
    if isinstance(spec, Spec) and not _uses_activation(spec):
        del plain["activation"]
    return json.dumps(plain, sort_keys=True)


def _uses_activation(spec: Spec) -> bool:
    """Whether another activation in the spec makes another network."""
    description = describe_data(spec.data)
    other = "relu" if registry.activations.name_of(spec.activation) == "tanh" else "tanh"
    changed = replace(spec, activation=registry.activations[other]())
    return spec.build_network(description) != changed.build_network(description)
