"""An executor for tests of sweeps: it trains in the process of the test, one task at each poll."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskReport
from nnexp.sweeps.executors.task import train_task
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.scheduler import SchedulerLimits
from nnexp.sweeps.running.sweep import SweepState, run_sweep


@dataclass(slots=True)
class Never:
    """Nobody asks to stop."""

    received: int | None = None


class Inline(Executor):
    """Trains in this process."""

    def __init__(self) -> None:
        self.done: list[StackTask] = []
        self._tasks: list[StackTask] = []

    @property
    def workers(self) -> int:
        return 1

    def submit(self, task: StackTask) -> None:
        self._tasks.append(task)

    def poll(self, seconds: float) -> list[TaskReport]:
        tasks, self._tasks = self._tasks, []
        self.done += tasks
        return [TaskFinished(task.number, tuple(train_task(task, Never(), lambda epochs: None))) for task in tasks]

    def cancel(self, number: int) -> None:
        self._tasks = [task for task in self._tasks if task.number != number]

    def close(self, *, at_once: bool = False) -> None:
        self._tasks = []


def written(folder: Path, base: str, text: str) -> Path:
    """A sweep file beside its base spec; the line `base:` is its first."""
    (folder / "base.yaml").write_text(base)
    file = folder / "study.yaml"
    file.write_text(f"base: base.yaml\n{text}")
    return file


def carried_out(file: Path, *words: str, executor: Executor | None = None) -> SweepState:
    """The sweep in a file, carried out beside it; a state is saved after every step."""
    definition = sweep_file.read_definition(file, words)
    return run_sweep(
        definition, file.parent / "runs", SweepOptions(lambda: executor or Inline(), limits=SchedulerLimits(None, 0.0))
    )
