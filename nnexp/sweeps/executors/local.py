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
from typing import IO, Any

from nnexp.errors import RunError
from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskLost, TaskProgress, TaskReport

SAVE_WAIT_SECONDS = 20.0
"""Seconds that workers have to save their states when they are asked to stop."""

MAX_ERROR_BYTES = 2000
"""Bytes of what a worker that died said last."""

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class LocalExecutor(Executor):
    """A number of worker processes, started at once, so that they load what they need while the plan is made.

    `threads` is the number of BLAS threads of each, which their specs set as well.
    """

    def __init__(self, workers: int, threads: int = 1) -> None:
        self._queue: deque[StackTask] = deque()
        self._messages: queue.Queue[tuple[_WorkerProcess, dict[str, Any] | None]] = queue.Queue()
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
        wait = seconds
        while True:
            try:
                worker, message = (
                    self._messages.get(timeout=max(0.0, wait)) if wait > 0 else self._messages.get_nowait()
                )
            except queue.Empty:
                break
            wait = 0.0
            report = self._interpret_message(worker, message)
            reports += [report] if report else []
        self._assign_tasks()
        return reports

    def cancel(self, number: int) -> None:
        waiting = [task for task in self._queue if task.number != number]
        self._queue = deque(waiting)
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
        """What a message means for the task of its worker; None stands for the end of the worker."""
        task = worker.task
        if message is None:
            if not worker.is_ready and not (task and worker.was_killed):
                raise RunError(f"a worker cannot start: {worker.read_last_output()}")
            self._replace_worker(worker)
            words = worker.read_last_output()
            worker.close_files()
            return TaskLost(task.number, words) if task else None
        worker.is_ready = True
        if "progress" in message:
            return TaskProgress(message["progress"], message["epochs"])
        if "finished" in message:
            worker.task = None
            return TaskFinished(
                message["finished"], tuple(RunOutcome.from_dict(receipt) for receipt in message["receipts"])
            )
        if "cancelled" in message:
            worker.task = None
        return None

    def _replace_worker(self, worker: _WorkerProcess) -> None:
        """A fresh worker in the place of one that died."""
        self._workers[self._workers.index(worker)] = _WorkerProcess(self._messages, self._threads)


@contextlib.contextmanager
def _block_ctrl_c() -> Iterator[None]:
    """Processes that start in here never hear of Ctrl-C, not even before they can say that they ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _WorkerProcess:
    """One process, and the thread that reads what it says."""

    def __init__(self, said: queue.Queue[tuple[_WorkerProcess, dict[str, Any] | None]], threads: int) -> None:
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
        self._reader = threading.Thread(target=self._read_messages, args=(self._process.stdout, said), daemon=True)
        self._reader.start()

    def _read_messages(
        self, stream: IO[bytes], said: queue.Queue[tuple[_WorkerProcess, dict[str, Any] | None]]
    ) -> None:
        for line in stream:
            with contextlib.suppress(ValueError):  # a line that its writer's death cut off
                said.put((self, json.loads(line)))
        said.put((self, None))

    def begin_task(self, task: StackTask) -> None:
        self.task = task
        self.send_message({"task": task.as_dict()})

    def send_message(self, message: dict[str, Any]) -> None:
        """Tell the worker; a dead one is noticed by the end of its answers."""
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def stop_process(self, *, at_once: bool) -> None:
        """Ask the worker to save and end, or end it."""
        if at_once:
            self._process.kill()
        else:
            self.send_message({"stop": signal.SIGTERM})
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def wait_for_end(self, until: float) -> None:
        """Wait for the process to end, which is killed where it takes too long."""
        try:
            self._process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close_files()

    def close_files(self) -> None:
        """Let go of the files of a process that has ended."""
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
        """How the process ended, and what it said last."""
        code = self._process.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - MAX_ERROR_BYTES))
        words = self._errors.read().decode(errors="replace").strip()
        how = f"it was killed by signal {-code}" if code < 0 else f"it ended with exit code {code}"
        return f"{how}: {words}" if words else how
