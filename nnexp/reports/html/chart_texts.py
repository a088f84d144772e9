"""The texts of a chart's specification: names that Vega stumbles over, and colours by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnexp.reports.html.theme import LIGHT_COLOURS

INHERITED_NAMES = frozenset(
    {
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)

"""Words that every object of JavaScript has: Vega takes a variant or a class of such a name for what the object has."""

INVISIBLE_SUFFIX = "\N{WORD JOINER}"
"""What makes another word of it that looks the same."""


def escape_names(value: Any) -> Any:
    """A chart's specification with all such texts in it, and in its data, made others that look the same.

    >>> escape_names({"sort": ["constructor", "b"]})["sort"][0] == "constructor" + INVISIBLE_SUFFIX
    True
    """
    return _map_texts(value, lambda text: text + INVISIBLE_SUFFIX if text in INHERITED_NAMES else text)


def resolve_colours(value: Any) -> Any:
    """A chart with the light colours in place of their names, for a file that has no style sheet."""
    return _map_texts(value, lambda text: LIGHT_COLOURS[text[4:-1]] if text.startswith("var(") else text)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A specification with every text in it changed, but not the keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_texts(entry, change) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(entry, change) for entry in value]
    return value
