"""Workers of a Dask cluster, which share the folder that the runs are written to.

Each worker process has one task at a time: it is sent to that worker and to no other, and Dask does not try again by
itself. So attempts are counted in one place, and the number of BLAS threads, which belongs to a process, is the spec's.
"""

from __future__ import annotations

import json
import os
import queue
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from nnexp.errors import NnexpError, RunError, UsageError
from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskLost, TaskProgress, TaskReport
from nnexp.sweeps.executors.dask import remote
from nnexp.sweeps.executors.dask.cluster import DaskCluster

WORKER_CHECK_SECONDS = 1.0
"""Seconds between two looks at which workers there are."""

SAVE_WAIT_SECONDS = 20.0
"""Seconds that workers have to save their states when they are asked to stop."""

UNSTARTED_WAIT_SECONDS = 3.0
"""Seconds after which a task that was cancelled is taken not to have begun, where nothing was heard of it."""

NO_WORKER_WAIT_SECONDS = 60.0
"""Seconds without a worker after which it is not worth waiting for one."""

WorkerMessage: TypeAlias = "tuple[int, Any]"
"""The number of a task, and what its worker said of it, or its Dask future, which has come to an end."""


@dataclass(slots=True)
class _SentTask:
    """A task that was sent to a worker."""

    task: StackTask
    worker: str
    future: Any = None
    has_begun: bool = False
    has_ended: bool = False
    cancelled_at: float | None = None
    """When it was."""

    @property
    def has_released_worker(self) -> bool:
        """Whether a task that was cancelled keeps its worker busy no more."""
        if self.cancelled_at is None:
            return False
        waited = time.monotonic() - self.cancelled_at
        return self.has_ended or waited > (SAVE_WAIT_SECONDS if self.has_begun else UNSTARTED_WAIT_SECONDS)


@dataclass(slots=True)
class _WorkerPool:
    """The workers that take tasks, with their process ids; those that were turned away; and when there was one last."""

    admitted: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    checked_at: float = 0.0
    last_seen_at: float = field(default_factory=time.monotonic)


class DaskExecutor(Executor):
    """Tasks on a Dask scheduler; without an address, on a cluster of its own on this machine.

    Raises UsageError where the scheduler does not answer, or the packages of a worker are of other versions than here.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        self._queue: deque[StackTask] = deque()
        self._sent_tasks: dict[int, _SentTask] = {}
        self._messages: queue.Queue[WorkerMessage] = queue.Queue()
        self._checked_roots: set[Path] = set()
        self._workers = _WorkerPool()
        self._topic = f"nnexp-{uuid4().hex}"
        self._closed = False
        self._cluster = DaskCluster(address, workers)
        try:
            _refuse_workers(self._admit_workers(self._cluster.list_workers()))
            self._cluster.client.subscribe_topic(self._topic, self._receive_message)
        except BaseException:
            self._cluster.close()
            raise

    @property
    def workers(self) -> int:
        return max(1, len(self._workers.admitted))

    def submit(self, task: StackTask) -> None:
        root = Path(task.root).absolute()
        if root not in self._checked_roots:
            _refuse_workers(self._cluster.find_blind_workers(self._workers.admitted, root))
            self._checked_roots.add(root)
        self._queue.append(replace(task, root=str(root)))
        self._assign_tasks()

    def poll(self, seconds: float) -> list[TaskReport]:
        reports: list[TaskReport] = []
        wait = seconds
        while True:
            try:
                number, said = self._messages.get(timeout=wait) if wait > 0 else self._messages.get_nowait()
            except queue.Empty:
                break
            wait = 0.0
            report = self._interpret_message(number, said)
            reports += [report] if report else []
        self._cluster.check_connection()
        reports += self._check_workers()
        self._assign_tasks()
        return reports

    def cancel(self, number: int) -> None:
        self._queue = deque(task for task in self._queue if task.number != number)
        sent = self._sent_tasks.get(number)
        if sent and sent.cancelled_at is None:
            sent.cancelled_at = time.monotonic()
            self._cluster.client.cancel([sent.future], force=True)

    def close(self, *, at_once: bool = False) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        try:
            if self._cluster.client.status == "running":
                self._stop_tasks(at_once=at_once)
        finally:
            self._cluster.close()

    def _stop_tasks(self, *, at_once: bool) -> None:
        """Cancel all tasks, and wait until they have saved their states."""
        try:
            for number in list(self._sent_tasks):
                self.cancel(number)
            until = time.monotonic() + (0 if at_once else SAVE_WAIT_SECONDS)
            while self._sent_tasks and time.monotonic() < until:
                self.poll(0.1)
            self._cluster.client.unsubscribe_topic(self._topic)
        except (OSError, NnexpError):
            pass  # there is nobody left to be told

    def _receive_message(self, event: tuple[float, dict[str, Any]]) -> None:
        """What a worker said. Called in a thread of Dask's."""
        _, message = event
        self._messages.put((message["task"], message))

    def _interpret_message(self, number: int, said: Any) -> TaskReport | None:
        """What was said of a task, where it is news; of one that was cancelled, nothing is."""
        sent = self._sent_tasks.get(number)
        if sent is None:
            return None
        if isinstance(said, dict):
            sent.has_begun, sent.has_ended = True, "ended" in said
            return None if sent.has_ended or sent.cancelled_at else TaskProgress(number, said["epochs"])
        if sent.cancelled_at:
            return None
        self._cluster.check_connection()
        del self._sent_tasks[number]
        return self._report_end(sent)

    def _report_end(self, sent: _SentTask) -> TaskReport:
        """What came of a task whose future has come to its end."""
        try:
            text = sent.future.result(timeout=SAVE_WAIT_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever Dask makes of the loss of a worker
            self._cluster.check_connection()
            return TaskLost(sent.task.number, f"{type(error).__name__}: {error}")
        if text is None:
            self._workers.admitted.pop(sent.worker, None)  # if it is back, it is another process
            return TaskLost(sent.task.number, f"the worker at {sent.worker} was stopped")
        return TaskFinished(sent.task.number, tuple(RunOutcome.from_dict(receipt) for receipt in json.loads(text)))

    def _check_workers(self) -> list[TaskReport]:
        """Take in workers that have come, and give up what those had that have gone."""
        now = time.monotonic()
        for number in [number for number, sent in self._sent_tasks.items() if sent.has_released_worker]:
            del self._sent_tasks[number]
        if now - self._workers.checked_at < WORKER_CHECK_SECONDS:
            return []
        self._workers.checked_at = now
        there = self._cluster.list_workers()
        self._workers.admitted = {worker: pid for worker, pid in self._workers.admitted.items() if worker in there}
        self._workers.refused &= there
        lost = [self._report_lost_task(sent) for sent in list(self._sent_tasks.values()) if sent.worker not in there]
        self._admit_workers(there - self._workers.admitted.keys() - self._workers.refused)
        if self._workers.admitted:
            self._workers.last_seen_at = now
        elif now - self._workers.last_seen_at > NO_WORKER_WAIT_SECONDS:
            raise RunError(
                f"the scheduler at {self._cluster.address} has no workers any more; the same command goes on"
            )
        return [report for report in lost if report]

    def _report_lost_task(self, sent: _SentTask) -> TaskReport | None:
        """Give up a task whose worker has gone."""
        del self._sent_tasks[sent.task.number]
        if sent.cancelled_at:
            return None
        self._cluster.client.cancel([sent.future], force=True)
        return TaskLost(sent.task.number, f"the worker at {sent.worker} died or was cut off")

    def _admit_workers(self, workers: Iterable[str]) -> dict[str, str]:
        """Take in workers that are like this process, and give what is wrong with the others, which get no tasks."""
        new = set(workers)
        if not new:
            return {}
        wrong = self._cluster.find_version_differences(new)
        for root in self._checked_roots:
            wrong |= self._cluster.find_blind_workers(new - wrong.keys(), root)
        self._workers.refused |= wrong.keys()
        pids = self._cluster.run_on_workers(new - wrong.keys(), os.getpid)
        self._workers.admitted |= {worker: pid for worker, pid in pids.items() if isinstance(pid, int)}
        return wrong

    def _assign_tasks(self) -> None:
        """Send waiting tasks to workers that are free."""
        busy = {sent.worker for sent in self._sent_tasks.values()}
        for worker, pid in self._workers.admitted.items():
            if self._queue and worker not in busy:
                self._send_task(self._queue.popleft(), worker, pid)

    def _send_task(self, task: StackTask, worker: str, pid: int) -> None:
        number = task.number
        future = self._cluster.client.submit(
            remote.train_task_json,
            json.dumps(task.as_dict()),
            self._topic,
            str(Path.cwd()),
            pid,
            key=f"{self._topic}-{number}",
            workers=[worker],
            allow_other_workers=False,
            retries=0,
            pure=False,
        )
        self._sent_tasks[number] = _SentTask(task, worker, future)
        future.add_done_callback(lambda done: self._messages.put((number, done)))


def _refuse_workers(problems: dict[str, str]) -> None:
    """Raises UsageError where workers are not as they have to be."""
    if problems:
        raise UsageError("\n".join(problems.values()))
