"""The contract of an optimizer.

    R replicas, P parameters

An optimizer changes theta (R, P) in place from grad (R, P) and its named slots (R, P), which start at zero. It knows
nothing of layers. g is the gradient of the objective: mean loss plus penalties, clipped where the spec says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from nnexp.typing import Array, BoolArray, Positive

Update: TypeAlias = Callable[[int, Array], None]
"""(t, lr): make the t-th update, counted from 1, with the learning rates lr (R, 1), the schedule applied."""


@dataclass(frozen=True, slots=True)
class Optimizer(ABC):
    """A rule for changing the parameters."""

    lr: Positive

    slots: ClassVar[tuple[str, ...]] = ()
    """The names of the arrays (R, P) that the rule remembers from update to update."""

    @abstractmethod
    def bind(self, theta: Array, grad: Array, slots: Mapping[str, Array], regularized: BoolArray) -> Update:
        """The update rule on these arrays; `regularized` (P) marks the weights that decay."""

    def look_ahead(self, theta: Array, slots: Mapping[str, Array]) -> None:
        """Move theta to where the gradient is wanted, before each step. Most rules want it where theta is."""
        return
