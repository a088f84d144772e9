"""Workers on this machine: fresh processes, one task each at a time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from nnexp.errors import RunError
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

MAX_ERROR_BYTES = 2000
"""Bytes that are shown of the last output of a worker that died: a traceback's end."""

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by BLAS libraries as they load, so that they have to be set before the process starts."""

WorkerMessage: TypeAlias = "tuple[_WorkerProcess, dict[str, Any] | None]"
"""A worker and what it wrote; None for the end of its output."""


class LocalExecutor(Executor):
    """A number of worker processes, started at once, so that they import what they need while the plan is made.

    `threads` is the number of BLAS threads of each, which their specs set as well.
    """

    def __init__(self, workers: int, threads: int = 1) -> None:
        self._queue: deque[StackTask] = deque()
        self._messages: queue.Queue[WorkerMessage] = queue.Queue()
        self._threads = threads
        self._workers = [_WorkerProcess(self._messages, threads) for _ in range(workers)]

    @property
    def workers(self) -> int:
        return len(self._workers)

    def submit(self, task: StackTask) -> None:
        self._queue.append(task)
        self._assign_tasks()

    def poll(self, seconds: float) -> list[TaskReport]:
        reports: list[TaskReport] = []
        for worker, message in drain_queue(self._messages, seconds):
            report = self._interpret_message(worker, message)
            if report:
                reports.append(report)
        self._assign_tasks()
        return reports

    def cancel(self, number: int) -> None:
        self._queue = deque(task for task in self._queue if task.number != number)
        for worker in self._workers:
            if worker.task and worker.task.number == number:
                worker.send_message({"cancel": number})

    def close(self, *, at_once: bool = False) -> None:
        self._queue.clear()
        for worker in self._workers:
            worker.stop_process(at_once=at_once)
        until = time.monotonic() + SAVE_WAIT_SECONDS
        for worker in self._workers:
            worker.wait_for_end(until)

    def _assign_tasks(self) -> None:
        """Give waiting tasks to workers that are free."""
        for worker in self._workers:
            if self._queue and worker.task is None:
                worker.begin_task(self._queue.popleft())

    def _interpret_message(self, worker: _WorkerProcess, message: dict[str, Any] | None) -> TaskReport | None:
        """The report that a message of a worker makes, if any."""
        if message is None:
            return self._replace_worker(worker)
        worker.is_ready = True
        if "progress" in message:
            return TaskProgress(message["progress"], message["epochs"])
        if "finished" in message:
            worker.task = None
            return TaskFinished(message["finished"], tuple(map(RunOutcome.from_dict, message["receipts"])))
        if "cancelled" in message:
            worker.task = None
        return None

    def _replace_worker(self, worker: _WorkerProcess) -> TaskLost | None:
        """Start a fresh worker in the place of one that died, and report the task that died with it."""
        task = worker.task
        # One that never got as far as its first message would fail again, and its successors with it for ever;
        # one that was killed, as by a machine short of memory, would not.
        if not worker.is_ready and not (task and worker.was_killed):
            raise RunError(f"a worker cannot start: {worker.read_last_output()}")
        self._workers[self._workers.index(worker)] = _WorkerProcess(self._messages, self._threads)
        reason = worker.read_last_output()
        worker.close_files()
        return TaskLost(task.number, reason) if task else None


@contextlib.contextmanager
def _block_ctrl_c() -> Iterator[None]:
    """Processes that start in here never get Ctrl-C, not even before they can ask to ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _WorkerProcess:
    """One process, and the thread that reads its output."""

    def __init__(self, messages: queue.Queue[WorkerMessage], threads: int) -> None:
        self.task: StackTask | None = None
        self.is_ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the worker
        with _block_ctrl_c():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nnexp.sweeps.executors.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)),
            )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read_messages, args=(self._process.stdout, messages), daemon=True)
        self._reader.start()

    def _read_messages(self, stream: IO[bytes], messages: queue.Queue[WorkerMessage]) -> None:
        for line in stream:
            with contextlib.suppress(ValueError):  # a line that its writer's death cut off
                messages.put((self, json.loads(line)))
        messages.put((self, None))

    def begin_task(self, task: StackTask) -> None:
        self.task = task
        self.send_message({"task": task.as_dict()})

    def send_message(self, message: dict[str, Any]) -> None:
        """Send a message to the worker; a dead one is noticed by the end of its output."""
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def stop_process(self, *, at_once: bool) -> None:
        """Ask the worker to save its state and end, or kill it."""
        if at_once:
            self._process.kill()
        else:
            self.send_message({"stop": signal.SIGTERM})
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def wait_for_end(self, until: float) -> None:
        """Wait for the process to end, and kill it if it takes too long."""
        try:
            self._process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close_files()

    def close_files(self) -> None:
        """Close the pipes of a process that has ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._reader.join()  # it ends with what it reads
        self._process.stdout.close()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._errors.close()

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended the process."""
        return self._process.wait() < 0

    def read_last_output(self) -> str:
        """How the process ended, and the end of its error output."""
        code = self._process.wait()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - MAX_ERROR_BYTES))
        output = self._errors.read().decode(errors="replace").strip()
        ending = f"it was killed by signal {-code}" if code < 0 else f"it ended with exit code {code}"
        return f"{ending}: {output}" if output else ending
