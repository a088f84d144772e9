"""A parameter of a component that varies itself: `optimizer=sgd,adam optimizer.adam.lr=...`.

Only some of the values have the parameter, so it is written into those: `optimizer=sgd,{adam: {lr: ...}}`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from nnexp.spec.conflicts import Assignment, has_mapping_at, is_within
from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node, format_flow
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.definition import SweepAxis, SweepDefinition


def find_missing_components(definition: SweepDefinition) -> Iterator[Problem]:
    """Parameters of which not every value of an axis has the component; each axis with the form that works."""
    assignments = [*definition.fixed, *(_make_assignment(axis) for axis in definition.grid)]
    for axis in definition.grid:
        inner = [one for one in assignments if one.path != axis.path and is_within(one.path, axis.path)]
        homeless = [
            one for one in inner if not all(has_mapping_at(value, _list_keys(one, axis)) for value in axis.values)
        ]
        if len(axis.values) > 1 and homeless:
            yield _make_problem(axis, inner, homeless[0])


def _make_assignment(axis: SweepAxis) -> Assignment:
    """The values of an axis as one, as they stand inside another value."""
    if len(axis.values) == 1:
        return Assignment(axis.path, axis.values[0], axis.place)
    values = Node(list(axis.values), axis.place)
    return Assignment(axis.path, Node({space.GRID_KEY: values}, axis.place), axis.place)


def _list_keys(inner: Assignment, axis: SweepAxis) -> list[str]:
    """The keys that lead from the value of an axis to a parameter in it."""
    return inner.path.removeprefix(f"{axis.path}.").split(".")


def _make_problem(axis: SweepAxis, inner: Sequence[Assignment], first: Assignment) -> Problem:
    keys = _list_keys(first, axis)
    lacking = [value for value in axis.values if not has_mapping_at(value, keys)]
    merged = [_merge_value(value, axis, inner) for value in axis.values]
    names = " and ".join(dict.fromkeys(_get_name(value) or value.describe() for value in lacking))
    message = f"{axis.path} varies, and with {names} there is no {first.path}"
    if merged == [value.make_plain() for value in axis.values]:
        return Problem(first.place, first.path, message, f"none of the values of {axis.path} is {keys[0]}")
    if axis.place.text.override_number:
        values = ",".join(map(format_flow, merged))
        form = shlex.quote(f"{axis.path}={values}")
    else:
        form = f"`{axis.path}: {format_flow(merged)}`"
    left_out = " and ".join(one.path for one in inner)
    return Problem(first.place, first.path, message, f"write {form}, without {left_out}")


def _merge_value(value: Node, axis: SweepAxis, inner: Sequence[Assignment]) -> Any:
    """A value of the axis with the parameters in it that it can have."""
    plain = value.make_plain()
    for one in inner:
        name, *keys = _list_keys(one, axis)
        if _get_name(value) == name and keys:
            entries = dict(plain[name] or {}) if isinstance(plain, dict) else {}
            plain = {name: _put_plain(entries, keys, one.value.make_plain())}
    return plain


def _put_plain(entries: dict[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """The entries, with a value at the end of some keys."""
    first, *rest = keys
    below = entries.get(first)
    entries[first] = _put_plain(dict(below) if isinstance(below, dict) else {}, rest, value) if rest else value
    return entries


def _get_name(value: Node) -> str | None:
    """The name of the component that a value is."""
    if isinstance(value.value, dict):
        return next(iter(value.value), None)
    return value.value if isinstance(value.value, str) else None
