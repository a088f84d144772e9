"""A worker: a process that reads tasks from its standard input and answers on its standard output, line by line.

python -m nnexp.sweeps.executors.worker

It takes {"task": {...}}, {"cancel": number} and {"stop": signal}, and gives {"ready": pid}, {"progress": ..., "epochs":
...}, {"finished": ..., "receipts": [...]} and {"cancelled": ...}. At the end of its input the process that started it
is gone: it saves the states of what it trains and ends. It ignores Ctrl-C, which a terminal sends to every process: the
one that started it decides.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from nnexp.errors import Interrupted
from nnexp.registry import REGISTRY_BY_KIND
from nnexp.storage.atomic import replace_nonfinite
from nnexp.sweeps.executors.base import ProgressTimer, StackTask
from nnexp.sweeps.executors.task import train_task

PROGRESS_SECONDS = 0.2
"""Seconds between two reports of progress."""


@dataclass(slots=True)
class StopSignal:
    """The signal to stop what is being trained, if there was one."""

    received: int | None = None


@dataclass(slots=True)
class WorkerInbox:
    """The messages on the standard input, read by a thread beside the work."""

    tasks: queue.Queue[StackTask | None] = field(default_factory=queue.Queue)
    stop_signal: StopSignal = field(default_factory=StopSignal)
    current_task: int | None = None
    cancelled: set[int] = field(default_factory=set)
    is_closed: bool = False

    def read_messages(self, stream: TextIO) -> None:
        """Read to the end of the stream, which stops the work."""
        for line in stream:
            self.apply_message(json.loads(line))
        self.apply_message({"stop": signal.SIGTERM})

    def apply_message(self, message: dict[str, Any]) -> None:
        """Act on one message."""
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
    os.dup2(2, 1)  # whatever a library prints must not stand between the answers
    lock, inbox = threading.Lock(), WorkerInbox()

    def write_message(**message: Any) -> None:
        # If nobody reads any more, the input ends as well, which saves and stops what is trained.
        with lock, contextlib.suppress(BrokenPipeError):
            answers.write(json.dumps(replace_nonfinite(message)) + "\n")
            answers.flush()

    threading.Thread(target=inbox.read_messages, args=(sys.stdin,), daemon=True).start()
    write_message(ready=os.getpid())
    for registry in REGISTRY_BY_KIND.values():
        list(registry)  # imports all components, while the first process still makes its plan
    while (task := inbox.tasks.get()) is not None and not inbox.is_closed:
        run_task(task, inbox, write_message)
    os._exit(0)  # all is written, and the thread that reads the input would hold up an ordinary end


def run_task(task: StackTask, inbox: WorkerInbox, write_message: Callable[..., None]) -> None:
    """Train one task and write its outcomes."""
    inbox.current_task = task.number
    if task.number in inbox.cancelled:
        write_message(cancelled=task.number)
        return
    inbox.stop_signal.received = None
    if inbox.is_closed:  # checked after the line above, which may just have erased the signal of the closing
        inbox.stop_signal.received = signal.SIGTERM
    timer = ProgressTimer(PROGRESS_SECONDS, lambda epochs: write_message(progress=task.number, epochs=epochs))
    try:
        outcomes = train_task(task, inbox.stop_signal, timer.add_epochs)
    except Interrupted:
        write_message(cancelled=task.number)
    else:
        write_message(finished=task.number, receipts=[outcome.as_dict() for outcome in outcomes])
    finally:
        inbox.current_task = None


if __name__ == "__main__":
    main()
