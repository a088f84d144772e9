"""How to mend the commonest slips in a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from nnexp.nn.losses.base import Targets
from nnexp.registry import Registry
from nnexp.spec.scalars import Scalar, parse_scalar
from nnexp.spec.validation import describe_plain_type, strip_per_replica
from nnexp.spec.yaml import Node
from nnexp.wording import shorten_text, suggest_nearest

BOOLEAN_WORDS = ("yes", "no", "on", "off", "true", "false")


def suggest_fix(hint: Any, found: Node) -> str:
    """A suggestion for a value that is not of the type `hint`, or nothing."""
    expected, value = describe_plain_type(hint), found.value
    if expected == "true or false":
        # Of YAML 1.1 many know yes and no as booleans, of Python True and False.
        is_boolean_word = str(value).lower() in BOOLEAN_WORDS
        return "write true or false: yes, no, on and off are texts here" if is_boolean_word else ""
    if expected.startswith("a text") and (found.raw or is_blank(value)):
        return suggest_quotes(expected, found)
    if isinstance(value, str) and (words := list(list_literals(hint))):
        return suggest_nearest(value, words)
    if expected.startswith("a list") and is_scalar(value) and found.raw:
        return f"write [{shorten_text(found.raw)}]"
    if "number" in expected:
        return suggest_number(expected, value)
    return ""


def suggest_quotes(expected: str, found: Node) -> str:
    """How to write a text where another word or nothing but blanks are."""
    if is_blank(found.value):
        return "write the name between the quotes" if expected.startswith("a text that names") else ""
    if is_scalar(found.value):
        return f"write '{shorten_text(found.raw)}' in quotes if it is meant"
    return ""


def is_blank(value: Any) -> bool:
    """Whether a value is a text with nothing in it."""
    return isinstance(value, str) and not value.strip()


def suggest_number(expected: str, value: Any) -> str:
    """How to write a number that is there, but not as a number of the kind that is expected."""
    if isinstance(value, float) and "whole" in expected and value.is_integer():
        return f"write {shorten_text(f'{value:.0f}')}, without a point or an exponent"
    if not isinstance(value, str):
        return ""
    if isinstance(parse_scalar(value[:40]), int | float):
        return "leave the quotes out"
    if re.fullmatch(r"-?[0-9]+,[0-9]+", value):
        # A decimal comma, as most of Europe writes it.
        return f"write {value.replace(',', '.')}, with a point"
    if re.fullmatch(r"[0-9.]+ *%", value):
        return "write a fraction, such as 0.2 for 20 %"
    return ""


def find_fitting(registry: Registry, targets: Targets) -> list[str]:
    """The losses or baselines that fit targets of a kind."""
    return [name for name in registry if targets in registry[name].targets]


def list_literals(hint: Any) -> Iterator[str]:
    """The words that may stand for a parameter of this type."""
    hint = strip_per_replica(hint)
    if get_origin(hint) is Literal:
        yield from map(str, get_args(hint))
    else:
        for part in get_args(hint):
            yield from list_literals(part)


def is_scalar(value: Scalar | list[Any] | dict[str, Any]) -> bool:
    """Whether a value is one word."""
    return value is not None and not isinstance(value, list | dict)
