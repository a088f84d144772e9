"""The contract of an executor: something that trains stacks. It takes resolved specs and returns outcomes."""

from __future__ import annotations

import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from nnexp.runs.outcome import RunOutcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StackTask:
    """A stack to train: the resolved specs of its runs and their overrides, by the names of their folders below `root`.

    until: the epoch at which its runs pause. attempt: how often it was begun before. snapshots: how many of each run
    are kept.
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
    """Epochs that a task has made since it began, summed over its runs."""

    task: int
    epochs: int


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task has ended, with the outcome of each run."""

    task: int
    outcomes: tuple[RunOutcome, ...]


@dataclass(frozen=True, slots=True)
class TaskLost:
    """A task whose worker died, or could not be reached any more."""

    task: int
    reason: str


TaskReport: TypeAlias = TaskProgress | TaskFinished | TaskLost

SAVE_WAIT_SECONDS = 20.0
"""Seconds that workers have to save their states when they are asked to stop."""


class Executor(ABC):
    """Trains tasks, as many at a time as it has workers. The end of a `with` closes it, at once after an exception."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many tasks are trained at a time."""

    @abstractmethod
    def submit(self, task: StackTask) -> None:
        """Train a task as soon as a worker is free. Its number tells it from all others."""

    @abstractmethod
    def poll(self, seconds: float) -> list[TaskReport]:
        """What happened since the last call; waits for so long if nothing did."""

    @abstractmethod
    def cancel(self, number: int) -> None:
        """Stop a task: its state is saved, and nothing more is reported of it."""

    @abstractmethod
    def close(self, *, at_once: bool = False) -> None:
        """Stop all tasks, which save their states unless `at_once`, and release the workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)


def drain_queue(messages: queue.Queue[T], seconds: float) -> list[T]:
    """All messages that are there; if there is none, the first that comes within so many seconds."""
    found: list[T] = []
    with suppress(queue.Empty):
        if seconds > 0:
            found.append(messages.get(timeout=seconds))
        while True:
            found.append(messages.get_nowait())
    return found


class ProgressTimer:
    """Sums the epochs of a task and reports them now and then: a small network makes thousands a second."""

    def __init__(self, interval_seconds: float, report: Callable[[int], None]) -> None:
        self._interval_seconds = interval_seconds
        self._report = report
        self._epochs = 0
        self._reported_at = time.monotonic()

    def add_epochs(self, epochs: int) -> None:
        """Count further epochs, and report their sum if a report is due."""
        self._epochs += epochs
        if time.monotonic() - self._reported_at >= self._interval_seconds:
            self.report_now()

    def report_now(self) -> None:
        """Report the epochs so far."""
        self._report(self._epochs)
        self._reported_at = time.monotonic()
