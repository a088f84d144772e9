"""The contract of an executor: something that trains stacks. What travels are resolved specs and receipts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

from nnexp.runs.outcome import RunOutcome


@dataclass(frozen=True, slots=True)
class StackTask:
    """A stack to train: the resolved specs of its runs and their overrides, by the names of their folders below `root`.

    attempt: how often it was begun before. until: the epoch at which its runs pause. snapshots: how many of each run
    are to be kept.
    """

    number: int
    root: str
    base_text: str
    specs: Mapping[str, Mapping[str, Any]] = field(repr=False)
    overrides: Mapping[str, Sequence[str]] = field(repr=False)
    until: int | None = None
    attempt: int = 0
    checkpoint_seconds: float = 5.0
    snapshots: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """So many epochs, summed over the runs of a task, are behind since it began."""

    task: int
    epochs: int


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task has come to its end: the receipt of each run."""

    task: int
    outcomes: tuple[RunOutcome, ...]


@dataclass(frozen=True, slots=True)
class TaskLost:
    """A task whose worker died, or could not be reached any more."""

    task: int
    reason: str


TaskReport: TypeAlias = TaskProgress | TaskFinished | TaskLost


class Executor(ABC):
    """Trains tasks, as many at a time as it has workers. The end of a `with` closes it, at once after an exception."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many tasks are trained at a time."""

    @abstractmethod
    def submit(self, task: StackTask) -> None:
        """Have a task trained, as soon as a worker is free. Its number tells it from all others."""

    @abstractmethod
    def poll(self, seconds: float) -> list[TaskReport]:
        """What happened since the last call; waits for so long where nothing did."""

    @abstractmethod
    def cancel(self, number: int) -> None:
        """Stop a task: what is behind is saved, and nothing more is reported of it."""

    @abstractmethod
    def close(self, *, at_once: bool = False) -> None:
        """Stop all tasks, which save their states unless it has to be at once, and let the workers go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)
