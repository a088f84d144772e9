"""Words that every object of JavaScript has: a variant or a class of such a name is one that Vega stumbles over."""

from __future__ import annotations

from typing import Any

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

INVISIBLE_SUFFIX = "\N{WORD JOINER}"
"""What makes another word of it that looks the same."""


def escape_names(value: Any) -> Any:
    """A chart's specification with all such texts in it, and in its data, made others that look the same.

    >>> escape_names({"sort": ["constructor", "b"]})["sort"][0] == "constructor" + INVISIBLE_SUFFIX
    True
    """
    if isinstance(value, dict):
        return {key: escape_names(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [escape_names(entry) for entry in value]
    return value + INVISIBLE_SUFFIX if isinstance(value, str) and value in INHERITED_NAMES else value
