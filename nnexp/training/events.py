"""Events of the training loop: progress, metrics.csv and checkpoints are made of these, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from nnexp.training.state import TrainingState
from nnexp.typing import MetricsRow

Ending: TypeAlias = Literal["finished", "stopped_early", "diverged", "paused"]


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """Training begins, or goes on from where it was interrupted."""

    epochs: int
    """All epochs of the training."""
    steps: int
    """Steps of an epoch."""
    epoch: int
    """Epochs done."""
    step: int
    """Steps done of the epoch that has begun."""


@dataclass(frozen=True, slots=True)
class FitStarted:
    """A baseline of this name is fitted to so many examples, in one piece: no step and no epoch follows."""

    baseline: str
    examples: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """Every run in the stack has made one update."""


@dataclass(frozen=True, slots=True)
class EpochDone:
    """The runs with these numbers have made an epoch, and each has a new row of metrics."""

    runs: tuple[int, ...]
    rows: tuple[MetricsRow, ...]


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run has ended and left the stack; the state is its last one."""

    run: int
    ending: Ending
    state: TrainingState


@dataclass(frozen=True, slots=True)
class Notice:
    """What a user should know, though nothing is lost: that a damaged checkpoint was skipped, say."""

    text: str


Event: TypeAlias = Notice | FitStarted | TrainingStarted | StepDone | EpochDone | RunDone

STEP_DONE = StepDone()
"""The only one, as it says nothing of its step: a loop of small steps makes none of its own."""
