"""What the training loop tells: progress, metrics.csv and checkpoints are made of these, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from nnexp.training.state import TrainingState
from nnexp.typing import MetricsRow

Ending: TypeAlias = Literal["finished", "stopped_early", "diverged", "paused"]


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """Training begins, or goes on from where it was: epochs and steps of an epoch in all, and those behind."""

    epochs: int
    steps: int
    epoch: int
    step: int


@dataclass(frozen=True, slots=True)
class FitStarted:
    """A baseline of this name is fitted to so many examples, in one piece: no step and no epoch will follow."""

    baseline: str
    examples: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """One update of every run in the stack has been made."""


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch is behind: the runs that made it, by their numbers, and the row of metrics of each."""

    runs: tuple[int, ...]
    rows: tuple[MetricsRow, ...]


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run has left the stack, with its state as it was then."""

    run: int
    ending: Ending
    state: TrainingState


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a user should know, though nothing is lost: a damaged checkpoint that was passed over, say."""

    text: str


Event: TypeAlias = Notice | FitStarted | TrainingStarted | StepDone | EpochDone | RunDone

STEP_DONE = StepDone()
