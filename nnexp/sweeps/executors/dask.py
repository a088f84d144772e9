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
from nnexp.runs.receipts import Receipt
from nnexp.sweeps.executors import remote
from nnexp.sweeps.executors.base import Executor, Finished, Lost, Progress, Report, Task
from nnexp.sweeps.executors.cluster import Cluster

LOOK = 1.0
"""Seconds between two looks at which workers there are."""

PATIENCE = 20.0
"""Seconds that workers have to save their states when they are asked to stop."""

UNBEGUN = 3.0
"""Seconds after which a task that was cancelled is taken not to have begun, where nothing was heard of it."""

DESERTED = 60.0
"""Seconds without a worker after which it is not worth waiting for one."""

Said: TypeAlias = "tuple[int, Any]"
"""The number of a task, and what its worker said of it, or its Dask future, which has come to an end."""


@dataclass(slots=True)
class _Sent:
    """A task that was sent to a worker."""

    task: Task
    worker: str
    future: Any = None
    begun: bool = False
    ended: bool = False
    cancelled: float | None = None
    """When it was."""

    @property
    def quiet(self) -> bool:
        """Whether a task that was cancelled keeps its worker busy no more."""
        if self.cancelled is None:
            return False
        waited = time.monotonic() - self.cancelled
        return self.ended or waited > (PATIENCE if self.begun else UNBEGUN)


@dataclass(slots=True)
class _Workers:
    """The workers that take tasks, with their process ids; those that were turned away; and when there was one last."""

    admitted: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    looked: float = 0.0
    there: float = field(default_factory=time.monotonic)


class Dask(Executor):
    """Tasks on a Dask scheduler; without an address, on a cluster of its own on this machine.

    Raises UsageError where the scheduler does not answer, or the packages of a worker are of other versions than here.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        self._queue: deque[Task] = deque()
        self._sent: dict[int, _Sent] = {}
        self._said: queue.Queue[Said] = queue.Queue()
        self._roots: set[Path] = set()
        self._workers = _Workers()
        self._topic = f"nnexp-{uuid4().hex}"
        self._closed = False
        self._cluster = Cluster(address, workers)
        try:
            _refuse(self._admit(self._cluster.addresses()))
            self._cluster.client.subscribe_topic(self._topic, self._hear)
        except BaseException:
            self._cluster.close()
            raise

    @property
    def workers(self) -> int:
        return max(1, len(self._workers.admitted))

    def submit(self, task: Task) -> None:
        root = Path(task.root).absolute()
        if root not in self._roots:
            _refuse(self._cluster.blind(self._workers.admitted, root))
            self._roots.add(root)
        self._queue.append(replace(task, root=str(root)))
        self._deal()

    def poll(self, seconds: float) -> list[Report]:
        reports: list[Report] = []
        wait = seconds
        while True:
            try:
                number, said = self._said.get(timeout=wait) if wait > 0 else self._said.get_nowait()
            except queue.Empty:
                break
            wait = 0.0
            report = self._report(number, said)
            reports += [report] if report else []
        self._cluster.check()
        reports += self._look()
        self._deal()
        return reports

    def cancel(self, number: int) -> None:
        self._queue = deque(task for task in self._queue if task.number != number)
        sent = self._sent.get(number)
        if sent and sent.cancelled is None:
            sent.cancelled = time.monotonic()
            self._cluster.client.cancel([sent.future], force=True)

    def close(self, *, at_once: bool = False) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        try:
            if self._cluster.client.status == "running":
                self._stop(at_once=at_once)
        finally:
            self._cluster.close()

    def _stop(self, *, at_once: bool) -> None:
        """Cancel all tasks, and wait until they have saved their states."""
        try:
            for number in list(self._sent):
                self.cancel(number)
            until = time.monotonic() + (0 if at_once else PATIENCE)
            while self._sent and time.monotonic() < until:
                self.poll(0.1)
            self._cluster.client.unsubscribe_topic(self._topic)
        except (OSError, NnexpError):
            pass  # there is nobody left to be told

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """What a worker said. Called in a thread of Dask's."""
        _, message = event
        self._said.put((message["task"], message))

    def _report(self, number: int, said: Any) -> Report | None:
        """What was said of a task, where it is news; of one that was cancelled, nothing is."""
        sent = self._sent.get(number)
        if sent is None:
            return None
        if isinstance(said, dict):
            sent.begun, sent.ended = True, "ended" in said
            return None if sent.ended or sent.cancelled else Progress(number, said["epochs"])
        if sent.cancelled:
            return None
        self._cluster.check()
        del self._sent[number]
        return self._outcome(sent)

    def _outcome(self, sent: _Sent) -> Report:
        """What came of a task whose future has come to its end."""
        try:
            text = sent.future.result(timeout=PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever Dask makes of the loss of a worker
            self._cluster.check()
            return Lost(sent.task.number, f"{type(error).__name__}: {error}")
        if text is None:
            self._workers.admitted.pop(sent.worker, None)  # if it is back, it is another process
            return Lost(sent.task.number, f"the worker at {sent.worker} was stopped")
        return Finished(sent.task.number, tuple(Receipt.from_dict(receipt) for receipt in json.loads(text)))

    def _look(self) -> list[Report]:
        """Take in workers that have come, and give up what those had that have gone."""
        now = time.monotonic()
        for number in [number for number, sent in self._sent.items() if sent.quiet]:
            del self._sent[number]
        if now - self._workers.looked < LOOK:
            return []
        self._workers.looked = now
        there = self._cluster.addresses()
        self._workers.admitted = {worker: pid for worker, pid in self._workers.admitted.items() if worker in there}
        self._workers.refused &= there
        lost = [self._lose(sent) for sent in list(self._sent.values()) if sent.worker not in there]
        self._admit(there - self._workers.admitted.keys() - self._workers.refused)
        if self._workers.admitted:
            self._workers.there = now
        elif now - self._workers.there > DESERTED:
            raise RunError(
                f"the scheduler at {self._cluster.address} has no workers any more; the same command goes on"
            )
        return [report for report in lost if report]

    def _lose(self, sent: _Sent) -> Report | None:
        """Give up a task whose worker has gone."""
        del self._sent[sent.task.number]
        if sent.cancelled:
            return None
        self._cluster.client.cancel([sent.future], force=True)
        return Lost(sent.task.number, f"the worker at {sent.worker} died or was cut off")

    def _admit(self, workers: Iterable[str]) -> dict[str, str]:
        """Take in workers that are like this process, and give what is wrong with the others, which get no tasks."""
        new = set(workers)
        if not new:
            return {}
        wrong = self._cluster.differences(new)
        for root in self._roots:
            wrong |= self._cluster.blind(new - wrong.keys(), root)
        self._workers.refused |= wrong.keys()
        pids = self._cluster.ask(new - wrong.keys(), os.getpid)
        self._workers.admitted |= {worker: pid for worker, pid in pids.items() if isinstance(pid, int)}
        return wrong

    def _deal(self) -> None:
        """Send waiting tasks to workers that are free."""
        busy = {sent.worker for sent in self._sent.values()}
        for worker, pid in self._workers.admitted.items():
            if self._queue and worker not in busy:
                self._send(self._queue.popleft(), worker, pid)

    def _send(self, task: Task, worker: str, pid: int) -> None:
        number = task.number
        future = self._cluster.client.submit(
            remote.perform_json,
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
        self._sent[number] = _Sent(task, worker, future)
        future.add_done_callback(lambda done: self._said.put((number, done)))


def _refuse(problems: dict[str, str]) -> None:
    """Raises UsageError where workers are not as they have to be."""
    if problems:
        raise UsageError("\n".join(problems.values()))
