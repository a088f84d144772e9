"""A worker: a process that is told of tasks on its standard input and answers on its standard output, line by line.

python -m nnexp.sweeps.worker

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
from nnexp.files import strict
from nnexp.registry import KINDS
from nnexp.sweeps.executors.base import Task
from nnexp.sweeps.work import perform

EVERY = 0.2
"""Seconds between two reports of progress."""


@dataclass(slots=True)
class Stopping:
    """Whether to stop what is being trained, and by which signal."""

    received: int | None = None


@dataclass(slots=True)
class Inbox:
    """What was asked for on the standard input, read beside the work."""

    tasks: queue.Queue[Task | None] = field(default_factory=queue.Queue)
    stopping: Stopping = field(default_factory=Stopping)
    current: int | None = None
    cancelled: set[int] = field(default_factory=set)
    ended: bool = False

    def read(self, stream: TextIO) -> None:
        """Read to the end."""
        for line in stream:
            self.take(json.loads(line))
        self.take({"stop": signal.SIGTERM})

    def take(self, message: dict[str, Any]) -> None:
        """Act upon one message."""
        if "task" in message:
            self.tasks.put(Task(**message["task"]))
        elif "cancel" in message:
            self.cancelled.add(message["cancel"])
            if message["cancel"] == self.current:
                self.stopping.received = signal.SIGTERM
        else:
            self.ended, self.stopping.received = True, message["stop"]
            self.tasks.put(None)


def main() -> None:
    """Work until there is no more to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything prints must not stand between the answers
    lock, inbox = threading.Lock(), Inbox()

    def say(**message: Any) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # its input ends as well, which saves and stops what it trains
            answers.write(json.dumps(strict(message)) + "\n")
            answers.flush()

    threading.Thread(target=inbox.read, args=(sys.stdin,), daemon=True).start()
    say(ready=os.getpid())
    for known in KINDS.values():  # loaded while the plan is being made
        list(known)
    while (task := inbox.tasks.get()) is not None and not inbox.ended:
        work(task, inbox, say)
    os._exit(0)  # all is written; tidying up would only take time


def work(task: Task, inbox: Inbox, say: Any) -> None:
    """Do one task and say what came of it."""
    inbox.current, behind, told = task.number, 0, time.monotonic()
    if task.number in inbox.cancelled:
        say(cancelled=task.number)
        return
    inbox.stopping.received = None
    if inbox.ended:  # looked at last, as it may come to be at any moment
        inbox.stopping.received = signal.SIGTERM

    def tell(epochs: int) -> None:
        nonlocal behind, told
        behind += epochs
        if time.monotonic() - told >= EVERY:
            say(progress=task.number, epochs=behind)
            told = time.monotonic()

    try:
        receipts = perform(task, inbox.stopping, tell)
    except Interrupted:
        say(cancelled=task.number)
    else:
        say(finished=task.number, receipts=[receipt.as_dict() for receipt in receipts])
    finally:
        inbox.current = None


if __name__ == "__main__":
    main()
