"""Workers of a Dask cluster, which share the folder that the runs are written to.

Each worker process has one task at a time, which is sent to it and to no other, and Dask does not retry. So attempts
are counted in one place, and the number of BLAS threads, which holds for a whole process, is that of the spec.
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
from nnexp.sweeps.executors.base import (
    SAVE_WAIT_SECONDS,
    Executor,
    StackTask,
    TaskFinished,
    TaskLost,
    TaskProgress,
    TaskReport,
    drain_queue,
)
from nnexp.sweeps.executors.dask import remote
from nnexp.sweeps.executors.dask.cluster import DaskCluster

WORKER_CHECK_SECONDS = 1.0
"""Seconds between two requests for the list of workers."""

UNSTARTED_WAIT_SECONDS = 3.0
"""Seconds after which a cancelled task counts as never begun, if no report of it came."""

NO_WORKER_WAIT_SECONDS = 60.0
"""Seconds without a worker after which the sweep stops waiting for one."""

WorkerMessage: TypeAlias = "tuple[int, Any]"
"""The number of a task, and a report of its worker or its Dask future, which has ended."""


@dataclass(slots=True)
class _SentTask:
    """A task that was sent to a worker."""

    task: StackTask
    worker: str
    future: Any = None
    has_begun: bool = False
    has_ended: bool = False
    cancelled_at: float | None = None

    @property
    def has_released_worker(self) -> bool:
        """Whether a task that was cancelled keeps its worker busy no more."""
        if self.cancelled_at is None:
            return False
        patience = SAVE_WAIT_SECONDS if self.has_begun else UNSTARTED_WAIT_SECONDS
        return self.has_ended or time.monotonic() - self.cancelled_at > patience


@dataclass(slots=True)
class _WorkerPool:
    """The workers that take tasks, with their process ids; those that were refused; and when there was one last."""

    admitted: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    checked_at: float = 0.0
    last_seen_at: float = field(default_factory=time.monotonic)


class DaskExecutor(Executor):
    """Tasks on a Dask scheduler; without an address, on a cluster of its own on this machine.

    Raises UsageError if the scheduler does not answer, or a worker has other versions of packages than this process.
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
        for number, message in drain_queue(self._messages, seconds):
            report = self._interpret_message(number, message)
            if report:
                reports.append(report)
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
            pass  # the scheduler is gone, and the tasks with it

    def _receive_message(self, event: tuple[float, dict[str, Any]]) -> None:
        """Put a worker's report into the queue. Called in a thread of Dask."""
        _, message = event
        self._messages.put((message["task"], message))

    def _interpret_message(self, number: int, message: Any) -> TaskReport | None:
        """The report that a message makes, if any; nothing is reported of a task that was cancelled."""
        sent = self._sent_tasks.get(number)
        if sent is None:
            return None
        if isinstance(message, dict):
            sent.has_begun, sent.has_ended = True, "ended" in message
            return None if sent.has_ended or sent.cancelled_at else TaskProgress(number, message["epochs"])
        if sent.cancelled_at:
            return None
        self._cluster.check_connection()
        del self._sent_tasks[number]
        return self._report_end(sent)

    def _report_end(self, sent: _SentTask) -> TaskReport:
        """The outcomes of a task whose future has ended, or the loss of its worker."""
        try:
            text = sent.future.result(timeout=SAVE_WAIT_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever Dask makes of the loss of a worker
            self._cluster.check_connection()
            return TaskLost(sent.task.number, f"{type(error).__name__}: {error}")
        if text is None:
            self._workers.admitted.pop(sent.worker, None)  # if it is back, it is another process
            return TaskLost(sent.task.number, f"the worker at {sent.worker} was stopped")
        return TaskFinished(sent.task.number, tuple(map(RunOutcome.from_dict, json.loads(text))))

    def _check_workers(self) -> list[TaskReport]:
        """Admit workers that have come, and report the tasks of those that have gone."""
        now = time.monotonic()
        for sent in list(self._sent_tasks.values()):
            if sent.has_released_worker:
                del self._sent_tasks[sent.task.number]
        if now - self._workers.checked_at < WORKER_CHECK_SECONDS:
            return []
        self._workers.checked_at = now
        there = self._cluster.list_workers()
        for worker in self._workers.admitted.keys() - there:
            del self._workers.admitted[worker]
        self._workers.refused &= there
        reports: list[TaskReport] = []
        for sent in list(self._sent_tasks.values()):
            report = None if sent.worker in there else self._report_lost_task(sent)
            if report:
                reports.append(report)
        self._admit_workers(there - self._workers.admitted.keys() - self._workers.refused)
        if self._workers.admitted:
            self._workers.last_seen_at = now
        elif now - self._workers.last_seen_at > NO_WORKER_WAIT_SECONDS:
            raise RunError(
                f"the scheduler at {self._cluster.address} has no workers any more; the same command goes on"
            )
        return reports

    def _report_lost_task(self, sent: _SentTask) -> TaskReport | None:
        """Report a task whose worker has gone, unless it was cancelled."""
        del self._sent_tasks[sent.task.number]
        if sent.cancelled_at:
            return None
        self._cluster.client.cancel([sent.future], force=True)
        return TaskLost(sent.task.number, f"the worker at {sent.worker} died or was cut off")

    def _admit_workers(self, workers: Iterable[str]) -> dict[str, str]:
        """Admit workers that are like this process; gives the problems of the others, which get no tasks."""
        new = set(workers)
        if not new:
            return {}
        problems = self._cluster.find_version_differences(new)
        for root in self._checked_roots:
            problems |= self._cluster.find_blind_workers(new - problems.keys(), root)
        self._workers.refused |= problems.keys()
        for worker, pid in self._cluster.run_on_workers(new - problems.keys(), os.getpid).items():
            if isinstance(pid, int):  # otherwise the worker has gone in between
                self._workers.admitted[worker] = pid
        return problems

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
    """Raises UsageError if workers have problems."""
    if problems:
        raise UsageError("\n".join(problems.values()))
