"""What a worker of a Dask cluster does with a task: JSON in, JSON out, and the runs' files in the shared folder.

The workers of a local cluster load this module as they start, as Dask's `preload`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import AbstractContextManager, chdir, nullcontext
from pathlib import Path
from typing import Any

from nnexp.errors import Interrupted
from nnexp.sweeps.executors.base import ProgressTimer, StackTask
from nnexp.sweeps.executors.task import train_task
from nnexp.sweeps.executors.worker import StopSignal

CANCEL_CHECK_SECONDS = 0.1
"""Seconds between two checks of whether a task was cancelled."""

PROGRESS_SECONDS = 0.5
"""Seconds between two reports of progress."""


def dask_setup(worker: Any) -> None:
    """Called by Dask in a worker that starts. Ctrl-C in a terminal is for the process that sends the tasks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def train_task_json(text: str, topic: str, folder: str, pid: int) -> str | None:
    """Train the runs of a task and return their outcomes; None if it was stopped, with the states saved.

    Progress and the end go to `topic`. The working directory is `folder`, if there is one: relative paths in specs
    count from it. `pid` is the process that the task was sent to: a successor at the same address, to which Dask
    delivers it again, leaves it alone.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    task, stopping, ended = StackTask(**json.loads(text)), StopSignal(), threading.Event()
    if os.getpid() != pid:
        return None

    def report_epochs(epochs: int) -> None:
        worker.log_event(topic, {"task": task.number, "epochs": epochs})

    timer = ProgressTimer(PROGRESS_SECONDS, report_epochs)
    threading.Thread(
        target=_watch_for_cancel, args=(worker, worker.get_current_task(), stopping, ended), daemon=True
    ).start()
    try:
        timer.report_now()  # the first report says that the task has begun
        with _enter_folder(folder):
            outcomes = train_task(task, stopping, timer.add_epochs)
    except Interrupted:
        return None
    finally:
        ended.set()
        worker.log_event(topic, {"task": task.number, "ended": True})
    return json.dumps([outcome.as_dict() for outcome in outcomes])


def _watch_for_cancel(worker: Any, key: str, stopping: StopSignal, ended: threading.Event) -> None:
    """Stop a task that nobody waits for any more."""
    while not ended.wait(CANCEL_CHECK_SECONDS):
        if not _is_wanted(worker, key):
            stopping.received = signal.SIGTERM
            return


def _is_wanted(worker: Any, key: str) -> bool:
    """Whether a task goes on: not if it was cancelled, its client has gone, or the worker lost its scheduler."""
    task = worker.state.tasks.get(key)
    return worker.status.name in ("running", "paused") and task is not None and task.state != "cancelled"


def _enter_folder(folder: str) -> AbstractContextManager[None]:
    return chdir(folder) if Path(folder).is_dir() else nullcontext()
