"""What a gradient check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from nnexp.errors import GradientMismatch, GradientUndecided
from nnexp.typing import Shape

Verdict: TypeAlias = Literal["right", "wrong", "undecided", "frozen"]

MAX_LEFT_OUT_SHARE = 0.5
"""A parameter of which more than this share had to be left out is not decided."""

MAX_FLOOR_SHARE = 1e-2
"""A gradient of which differences know less than this part is lost in rounding."""


@dataclass(frozen=True, slots=True)
class WorstEntry:
    """A single derivative, by backpropagation and by differences; without an index, along a direction."""

    index: tuple[int, ...] | None
    analytic: float
    numeric: float


@dataclass(frozen=True, slots=True)
class ParameterCheck:
    """One parameter array: what was checked of it, and what came out.

    checked, left_out: how many of `entries` were compared, and how many could not be because they sit on a kink.
    directions: how many random directions were compared besides, and directions_left_out.
    error: ‖approx - exact‖ / (‖approx‖ + ‖exact‖) over everything compared. floor: the part of it that rounding and the
    formula may have caused; an error below it says nothing. worst: where the two differ most.
    """

    name: str
    shape: Shape
    entries: int
    checked: int
    left_out: int
    directions: int
    directions_left_out: int
    error: float
    floor: float
    worst: WorstEntry | None
    verdict: Verdict

    @property
    def layer(self) -> str:
        """The layer's full name."""
        return self.name.rpartition(".")[0]

    @property
    def parameter(self) -> str:
        """The name of the array in its layer."""
        return self.name.rpartition(".")[2]

    @property
    def is_lost(self) -> bool:
        """Whether the gradient is so small that differences see no more of it than its size."""
        return self.floor > MAX_FLOOR_SHARE and self.verdict != "wrong"

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return {"layer": self.layer, "parameter": self.parameter, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something whose backward pass does not follow from its forward pass, checked by itself.

    part: a layer's name, "loss" or "penalty ...". what: which of its derivatives.
    """

    part: str
    what: str
    error: float

    def __str__(self) -> str:
        return f"{self.part}: {self.what} is wrong by itself, relative error {self.error:.1e}"


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The gradient of a model, parameter by parameter.

    exhaustive: whether every entry was compared. after: how many steps of training came before. examples: in the batch.
    everywhere: random directions over all parameters at once, where not every entry was compared.
    aside: the parameters that sat on kinks, for which all weights were moved a little before this check.
    """

    name: str
    objective: float
    examples: int
    after: int
    threshold: float
    exhaustive: bool
    parameters: tuple[ParameterCheck, ...]
    everywhere: ParameterCheck | None = None
    faults: tuple[Fault, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[ParameterCheck, ...]:
        """All comparisons."""
        if self.everywhere is None:
            return self.parameters
        return (*self.parameters, self.everywhere)

    @property
    def verdict(self) -> Verdict:
        """Wrong where anything is wrong, undecided where anything is undecided or there is nothing to check."""
        found = {row.verdict for row in self.rows}
        if "wrong" in found:
            return "wrong"
        # The second holds also where there are no parameters at all.
        if "undecided" in found or found <= {"frozen"}:
            return "undecided"
        return "right"

    @property
    def undecided_names(self) -> tuple[str, ...]:
        """The parameters of which nothing can be said."""
        return tuple(row.name for row in self.rows if row.verdict == "undecided")

    @property
    def passed(self) -> bool:
        """Whether every gradient was compared and is right."""
        return self.verdict == "right"

    @property
    def error(self) -> float:
        """The largest relative error, without the gradients that are lost in rounding."""
        return max((row.error for row in self.rows if not row.is_lost), default=0.0)

    @property
    def worst(self) -> ParameterCheck | None:
        """The parameter to look at: a wrong one in the layer at fault, otherwise the wrong one nearest to the loss."""
        wrong = [row for row in self.parameters if row.verdict == "wrong"]
        # With the point at the end, so that dense_1 is not blamed for dense_10.
        parts = tuple(f"{fault.part}." for fault in self.faults)
        blamed = [row for row in wrong if f"{row.layer}.".startswith(parts)]
        return next(reversed(blamed or wrong), None)

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "passed": self.passed,
            "threshold": self.threshold,
            "examples": self.examples,
            "after": self.after,
            "exhaustive": self.exhaustive,
            "objective": self.objective,
            "aside": list(self.aside),
            "parameters": list(map(ParameterCheck.as_dict, self.parameters)),
            "everywhere": self.everywhere.as_dict() if self.everywhere else None,
            "faults": list(map(asdict, self.faults)),
        }

    def raise_if_failed(self) -> None:
        """Raises GradientMismatch where a gradient is wrong, GradientUndecided where one could not be checked."""
        if self.verdict == "wrong":
            raise self._make_mismatch()
        if self.verdict == "undecided":
            names = ", ".join(self.undecided_names) or "everything is frozen"
            raise GradientUndecided(self.name, names)

    def _make_mismatch(self) -> GradientMismatch:
        row = self.worst or self.everywhere
        assert row is not None
        worst = row.worst
        assert worst is not None
        faults = list(map(str, self.faults)) or [NO_FAULT_MESSAGE]
        layer = self.faults[0].part if self.faults else row.layer
        return GradientMismatch(self.name, layer, row.name, worst.index, worst.analytic, worst.numeric, faults)


NO_FAULT_MESSAGE = "every layer, the loss and each penalty are right by themselves: look at what joins them"
