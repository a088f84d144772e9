"""Progress of a fetch: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from nnexp.cli.render import err
from nnexp.downloading import Watch, in_words

PAUSE = 10.0
"""Seconds between two lines of the same file."""


def progress() -> PlainWatch | LiveWatch:
    """The kind of progress that fits where standard error goes."""
    return LiveWatch() if err.is_terminal else PlainWatch()


class PlainWatch(Watch):
    """A line a file, and one every few seconds."""

    def __init__(self) -> None:
        self.size, self.said = 1, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def on_file(self, name: str, size: int) -> None:
        self.size, self.said = size, time.monotonic()
        err.print(f"fetching {name}, {in_words(size)}", markup=False)

    def on_bytes(self, have: int) -> None:
        if time.monotonic() - self.said > PAUSE:
            self.said = time.monotonic()
            err.print(f"{100 * have / self.size:3.0f} % of {in_words(self.size)}")

    def on_notice(self, text: str) -> None:
        err.print(text, style="yellow", markup=False)


class LiveWatch(PlainWatch):
    """A bar for each file, with the speed and the time left."""

    def __init__(self) -> None:
        super().__init__()
        columns = BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn()
        self.bars = Progress(TextColumn("{task.description}", markup=False), *columns, console=err)
        self.task, self.has_begun = TaskID(0), False

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def on_file(self, name: str, size: int) -> None:
        self.task, self.has_begun = self.bars.add_task(name, total=size), False

    def on_bytes(self, have: int) -> None:
        if self.has_begun:
            self.bars.update(self.task, completed=have)
        else:  # what was there already says nothing of the speed
            self.bars.reset(self.task, completed=have)
        self.has_begun = True
