"""Overrides of a spec to paste, about a table or arrays."""

from __future__ import annotations

import json
import re
import shlex

SPEC_KEY = "data.source.csv"
PLAIN_WORD_PATTERN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")


def format_override(name: str, value: object, *, source: str = "csv") -> str:
    """An override to paste.

    >>> format_override("fill", "median")
    'data.source.csv.fill=median'
    """
    return shlex.quote(f"data.source.{source}.{name}={format_flow(value)}")


def format_flow(value: object) -> str:
    """A value as a spec takes it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, dict):
        items = [f"{format_flow(key)}: {format_flow(entry)}" for key, entry in value.items()]
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_flow, value))}]"
    word = str(value)
    # without quotes, YAML takes what else there is for a number, a truth value, nothing, or a part of its syntax
    if PLAIN_WORD_PATTERN.fullmatch(word) and word not in ("true", "false", "null"):
        return word
    quoted = json.dumps(word, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else _escape_letter(letter) for letter in quoted)


def _escape_letter(letter: str) -> str:
    """A letter as YAML writes it between quotes; some, such as a line separator, would break the text apart."""
    code = ord(letter)
    return f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"
