"""What a worker of a Dask cluster does with a task. JSON comes and goes; what is written goes to the shared folder.

The workers of a local cluster load this module as they start, as Dask's `preload`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import AbstractContextManager, chdir, nullcontext
from pathlib import Path
from typing import Any

from nnexp.errors import Interrupted
from nnexp.sweeps.executors.base import StackTask
from nnexp.sweeps.executors.task import train_task
from nnexp.sweeps.executors.worker import StopSignal

CANCEL_CHECK_SECONDS = 0.1
"""Seconds between two looks at whether a task is still wanted."""

PROGRESS_SECONDS = 0.5
"""Seconds between two reports of progress."""


def dask_setup(worker: Any) -> None:
    """Called by Dask in a worker that starts. Ctrl-C in a terminal is for the process that asked for the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def train_task_json(text: str, topic: str, folder: str, pid: int) -> str | None:
    """Train the runs of a task and give their receipts; None where it was stopped, the states being saved.

    Progress and the end go to `topic`. The working directory is `folder`, where there is one: relative paths in specs
    count from it. `pid` is the process that it was sent to: a successor at the same address, to which Dask delivers it
    again, leaves it alone.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    task, stopping, ended = StackTask(**json.loads(text)), StopSignal(), threading.Event()
    if os.getpid() != pid:
        return None
    behind, told = 0, 0.0

    def report_epochs(epochs: int) -> None:
        nonlocal behind, told
        behind += epochs
        if time.monotonic() - told >= PROGRESS_SECONDS:
            worker.log_event(topic, {"task": task.number, "epochs": behind})
            told = time.monotonic()

    threading.Thread(
        target=_watch_for_cancel, args=(worker, worker.get_current_task(), stopping, ended), daemon=True
    ).start()
    try:
        report_epochs(0)
        with _enter_folder(folder):
            receipts = train_task(task, stopping, report_epochs)
    except Interrupted:
        return None
    finally:
        ended.set()
        worker.log_event(topic, {"task": task.number, "ended": True})
    return json.dumps([receipt.as_dict() for receipt in receipts])


def _watch_for_cancel(worker: Any, key: str, stopping: StopSignal, ended: threading.Event) -> None:
    """Ask a task to stop that nobody waits for any more."""
    while not ended.wait(CANCEL_CHECK_SECONDS):
        if not _is_wanted(worker, key):
            stopping.received = signal.SIGTERM
            return


def _is_wanted(worker: Any, key: str) -> bool:
    """Whether a task goes on: not so where it was cancelled, its client has gone, or the worker lost its scheduler."""
    task = worker.state.tasks.get(key)
    return worker.status.name in ("running", "paused") and task is not None and task.state != "cancelled"


def _enter_folder(folder: str) -> AbstractContextManager[None]:
    return chdir(folder) if Path(folder).is_dir() else nullcontext()
