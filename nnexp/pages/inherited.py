"""Words that every object of JavaScript has: a variant or a class of such a name is one that Vega stumbles over."""

from __future__ import annotations

from typing import Any

INHERITED = frozenset(
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

UNSEEN = "\N{WORD JOINER}"
"""What makes another word of it that looks the same."""


def harmless(value: Any) -> Any:
    """A chart's specification with all such texts in it, and in its data, made others that look the same.

    >>> harmless({"sort": ["constructor", "b"]})["sort"][0] == "constructor" + UNSEEN
    True
    """
    if isinstance(value, dict):
        return {key: harmless(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [harmless(entry) for entry in value]
    return value + UNSEEN if isinstance(value, str) and value in INHERITED else value
