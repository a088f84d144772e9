"""What is delivered twice is published once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskProgress, TaskReport
from nnexp.sweeps.executors.task import train_task
from nnexp.sweeps.executors.worker import StopSignal
from nnexp.sweeps.running import sweep
from nnexp.sweeps.running.options import SweepOptions
from tests.faults.clusters import SEEDS, SHORT, assert_as_one_by_one, definition


@dataclass
class Twice(Executor):
    """Performs every task two times, and reports each end two times, with progress after it."""

    said: list[TaskReport] = field(default_factory=list)

    @property
    def workers(self) -> int:
        return 1

    def submit(self, task: StackTask) -> None:
        for _ in range(2):
            finished = TaskFinished(task.number, tuple(train_task(task, StopSignal(), lambda epochs: None)))
            self.said += [TaskProgress(task.number, 1), finished, finished]

    def poll(self, seconds: float) -> list[TaskReport]:
        said, self.said = self.said, []
        return said

    def cancel(self, number: int) -> None:
        raise AssertionError

    def close(self, *, at_once: bool = False) -> None:
        pass


def test_a_stack_that_is_delivered_twice_is_in_the_ledger_once(tmp_path: Path) -> None:
    asked = definition(tmp_path, SEEDS, SHORT)
    found = sweep.run_sweep(asked, tmp_path / "runs", SweepOptions(Twice))
    lines = (found.path / "ledger.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["run"] for line in lines) == sorted(found.progress.collect_states())
    assert_as_one_by_one(found, tmp_path / "alone")
