"""Things by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """Values by name; a parameter of this type is written as a mapping in a spec, which orders it by name.

    >>> dict(Named(("a", "b"), (1, 2)).items())
    {'a': 1, 'b': 2}
    """

    names: tuple[str, ...]
    values: tuple[T, ...]

    def items(self) -> Iterator[tuple[str, T]]:
        """Names and values in their order."""
        return zip(self.names, self.values, strict=True)

    def __getitem__(self, name: str) -> T:
        return self.values[self.names.index(name)]
