"""A worker: a process that is told of tasks on its standard input and answers on its standard output, line by line.

python -m nnexp.sweeps.executors.worker

It takes {"task": {...}}, {"cancel": number} and {"stop": signal}, and gives {"ready": pid}, {"progress": ..., "epochs":
...}, {"finished": ..., "receipts": [...]} and {"cancelled": ...}. Where its input ends, whoever started it is gone: it
saves the states of what it trains and ends. Ctrl-C, which a terminal sends to every process, is for the one that
started it to act upon.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from nnexp.errors import Interrupted
from nnexp.registry import REGISTRY_BY_KIND
from nnexp.storage.atomic import replace_nonfinite
from nnexp.sweeps.executors.base import StackTask
from nnexp.sweeps.executors.task import train_task

PROGRESS_SECONDS = 0.2
"""Seconds between two reports of progress."""


@dataclass(slots=True)
class StopSignal:
    """Whether to stop what is being trained, and by which signal."""

    received: int | None = None


@dataclass(slots=True)
class WorkerInbox:
    """What was asked for on the standard input, read beside the work."""

    tasks: queue.Queue[StackTask | None] = field(default_factory=queue.Queue)
    stop_signal: StopSignal = field(default_factory=StopSignal)
    current_task: int | None = None
    cancelled: set[int] = field(default_factory=set)
    is_closed: bool = False

    def read_messages(self, stream: TextIO) -> None:
        """Read to the end."""
        for line in stream:
            self.apply_message(json.loads(line))
        self.apply_message({"stop": signal.SIGTERM})

    def apply_message(self, message: dict[str, Any]) -> None:
        """Act upon one message."""
        if "task" in message:
            self.tasks.put(StackTask(**message["task"]))
        elif "cancel" in message:
            self.cancelled.add(message["cancel"])
            if message["cancel"] == self.current_task:
                self.stop_signal.received = signal.SIGTERM
        else:
            self.is_closed, self.stop_signal.received = True, message["stop"]
            self.tasks.put(None)


def main() -> None:
    """Work until there is no more to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything prints must not stand between the answers
    lock, inbox = threading.Lock(), WorkerInbox()

    def write_message(**message: Any) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # its input ends as well, which saves and stops what it trains
            answers.write(json.dumps(replace_nonfinite(message)) + "\n")
            answers.flush()

    threading.Thread(target=inbox.read_messages, args=(sys.stdin,), daemon=True).start()
    write_message(ready=os.getpid())
    for known in REGISTRY_BY_KIND.values():  # loaded while the plan is being made
        list(known)
    while (task := inbox.tasks.get()) is not None and not inbox.is_closed:
        run_task(task, inbox, write_message)
    os._exit(0)  # all is written; tidying up would only take time


def run_task(task: StackTask, inbox: WorkerInbox, say: Any) -> None:
    """Do one task and say what came of it."""
    inbox.current_task, behind, told = task.number, 0, time.monotonic()
    if task.number in inbox.cancelled:
        say(cancelled=task.number)
        return
    inbox.stop_signal.received = None
    if inbox.is_closed:  # looked at last, as it may come to be at any moment
        inbox.stop_signal.received = signal.SIGTERM

    def report_epochs(epochs: int) -> None:
        nonlocal behind, told
        behind += epochs
        if time.monotonic() - told >= PROGRESS_SECONDS:
            say(progress=task.number, epochs=behind)
            told = time.monotonic()

    try:
        receipts = train_task(task, inbox.stop_signal, report_epochs)
    except Interrupted:
        say(cancelled=task.number)
    else:
        say(finished=task.number, receipts=[receipt.as_dict() for receipt in receipts])
    finally:
        inbox.current_task = None


if __name__ == "__main__":
    main()
