"""Values that vary, as cells of a table and as short labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nnexp.spec.yaml import format_flow, join_path


def flatten_value(path: str, value: Any) -> dict[str, Any]:
    """A value as cells of a table: a component as its name and its parameters, a list as text.

    >>> flatten_value("optimizer", {"adam": {"lr": 0.1}})
    {'optimizer': 'adam', 'optimizer.adam.lr': 0.1}
    """
    if isinstance(value, list):
        return {path: format_flow(value)}
    if not isinstance(value, dict):
        return {path: value}
    if len(value) != 1:
        return _flatten_entries(path, value)
    # A mapping of one key is a component.
    [(name, parameters)] = value.items()
    here = join_path(path, name)
    if isinstance(parameters, dict | None):
        return {path: name, **_flatten_entries(here, parameters or {})}
    return {path: name, here: parameters}


def _flatten_entries(path: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for key, value in entries.items():
        cells |= flatten_value(join_path(path, key), value)
    return cells


def format_label(values: Mapping[str, Any], columns: Iterable[str]) -> str:
    """A variant in a few words.

    >>> format_label({"optimizer.adam.lr": 0.01, "activation": "relu"}, ["optimizer.adam.lr", "activation"])
    'lr=0.01 activation=relu'
    """
    names = shorten_names(columns)
    words = []
    for column, value in values.items():
        words.append(str(value) if column == "variant" else f"{names[column]}={_format_value(value)}")
    return " ".join(words) or "base"


def shorten_names(columns: Iterable[str]) -> dict[str, str]:
    """Each column's last word, or as much more of it as tells it from the others.

    >>> shorten_names(["optimizer.adam.lr", "optimizer.sgd.lr", "activation"])
    {'optimizer.adam.lr': 'adam.lr', 'optimizer.sgd.lr': 'sgd.lr', 'activation': 'activation'}
    """
    columns = list(columns)
    return {column: _shorten_name(column, columns) for column in columns}


def _shorten_name(column: str, columns: list[str]) -> str:
    words = column.split(".")
    for count in range(1, len(words)):
        name = ".".join(words[-count:])
        if sum(other == name or other.endswith(f".{name}") for other in columns) == 1:
            return name
    return column


def _format_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else format_flow(value)
