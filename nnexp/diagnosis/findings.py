"""Findings, remedies, and the diagnosis that they make up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Cause: TypeAlias = Literal[
    "high_bias",
    "high_variance",
    "diverged",
    "about_to_diverge",
    "flat_loss",
    "lr_too_high",
    "lr_too_low",
    "dead_units",
    "saturated_units",
    "vanishing_gradients",
    "exploding_gradients",
    "symmetric_units",
    "overfitting",
    "large_gap",
    "small_updates",
    "large_updates",
    "small_batches",
    "class_never_predicted",
    "not_normalized",
    "over_regularized",
    "still_improving",
    "no_better_than_guessing",
]
"""The fault that a finding names."""


RemedyAim: TypeAlias = Literal["", "longer", "shorter", "faster", "slower", "tighter", "freer"]
"""What a remedy changes: more or fewer epochs, larger or smaller steps, weights that are restrained more or less."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to try, in words, and as an override if one is enough: `optimizer.adam.lr=1e-3`."""

    text: str
    override: str = ""
    aim: RemedyAim = ""

    def as_dict(self) -> dict[str, str]:
        """Everything for a program."""
        return {"text": self.text, "override": self.override}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its cause, a sentence with its numbers, since which epoch, and what to try.

    epoch: from 1; 0 is before training; None where it belongs to no epoch.  layers: the names of those it is about.
    numbers: those of the sentence, by name, for programs.  remedies: the likeliest first.
    """

    cause: Cause
    text: str
    epoch: int | None = None
    layers: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        # Without their aims, by which the diagnosis alone tells which contradict each other.
        remedies = list(map(Remedy.as_dict, self.remedies))
        return asdict(self) | {"layers": list(self.layers), "remedies": remedies}


@dataclass(frozen=True, slots=True)
class TaskErrors:
    """The errors of one task: shares of the examples, or of values 1 - r2; dev is None where there is no dev part."""

    task: str
    values: bool
    train: float
    dev: float | None

    @property
    def qualifier(self) -> str:
        """What stands behind "error": the task where there are several, and of values what it is a share of."""
        words = ""
        if self.task:
            words = f" of {self.task}"
        if self.values:
            words += ", a share of the variance"
        return words


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings on one run, the gravest first.

    balance: one sentence on bias and variance, empty where no error is known.  has_layer_history: whether the run
    recorded its layers; many rules need it.  errors: those of the balance.
    """

    run: str
    findings: tuple[Finding, ...] = ()
    balance: str = ""
    has_layer_history: bool = True
    errors: tuple[TaskErrors, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "run": self.run,
            "healthy": self.is_healthy,
            "balance": self.balance or None,
            "errors": list(map(asdict, self.errors)),
            "recorded": self.has_layer_history,
            "findings": list(map(Finding.as_dict, self.findings)),
        }
