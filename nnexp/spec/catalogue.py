"""Every component that a spec can name, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from nnexp.registry import KINDS, Parameter, documentation, parameters
from nnexp.spec.build import expected


@dataclass(frozen=True, slots=True)
class Entry:
    """One component: its name, what it is, its formula, and its parameters with their bounds and defaults."""

    name: str
    summary: str
    formula: str
    parameters: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def entries(kind: str) -> Iterator[Entry]:
    """The components of a kind, by name."""
    for name in KINDS[kind]:
        cls = KINDS[kind][name]
        words = documentation(cls)
        yield Entry(name, words.summary, words.formula, tuple(_parameter(p) for p in parameters(cls)))


def _parameter(parameter: Parameter) -> str:
    takes = expected(parameter.hint)
    if parameter.required:
        return f"{parameter.name}: {takes}, required"
    default = parameter.default
    shown = str(default).lower() if isinstance(default, bool) or default is None else default
    return f"{parameter.name}: {shown} ({takes})"
