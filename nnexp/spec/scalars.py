"""What an unquoted word means in a spec: a number, true, false, null, or a text."""

from __future__ import annotations

import re
from typing import TypeAlias

from nnexp.wording import shorten_text

Scalar: TypeAlias = "bool | int | float | str | None"

MAX_DIGITS = 40
"""Enough for a seed of 128 bits."""

# As in YAML 1.2, without octal and hexadecimal numbers. PyYAML follows YAML 1.1, in which 1e-3 is a text.
INTEGER_PATTERN = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT_PATTERN = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan")
LEADING_ZERO_PATTERN = re.compile(r"[-+]?0[0-9]+")
WORD_VALUES: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}


def find_scalar_problem(raw: str) -> tuple[str, str] | None:
    """What is wrong with an unquoted word, and a suggestion if there is one."""
    digits = raw.lstrip("+-")
    # Python takes time with the square of the digits, and refuses more than 4,300.
    if INTEGER_PATTERN.fullmatch(raw) and len(digits) > MAX_DIGITS:
        return f"a whole number of {len(digits)} digits; at most {MAX_DIGITS} are allowed", ""
    if not LEADING_ZERO_PATTERN.fullmatch(raw):
        return None
    # 010 is 8 in YAML 1.1 and 10 in YAML 1.2.
    message = f"{shorten_text(raw)} begins with a zero"
    if len(digits) > MAX_DIGITS:
        return message, ""
    number = digits.lstrip("0") or "0"
    sign = "-" if raw.startswith("-") else ""
    return message, f"write {sign}{number}, or '{raw}' in quotes if it is a text"


def parse_scalar(raw: str) -> Scalar:
    """What an unquoted word means, if it is allowed."""
    if raw in WORD_VALUES:
        return WORD_VALUES[raw]
    if INTEGER_PATTERN.fullmatch(raw):
        return int(raw)
    if FLOAT_PATTERN.fullmatch(raw):
        return float(raw.replace(".inf", "inf").replace(".nan", "nan"))
    return raw


def is_text(raw: str) -> bool:
    """Whether an unquoted word means itself."""
    if raw in WORD_VALUES:
        return False
    return not any(form.fullmatch(raw) for form in (INTEGER_PATTERN, FLOAT_PATTERN, LEADING_ZERO_PATTERN))
