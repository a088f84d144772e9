"""Progress of a download: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

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

from nnexp.cli.console import err
from nnexp.cli.progress.display import LineTimer, ProgressDisplay, choose_display
from nnexp.data.download.http import DownloadListener
from nnexp.wording import format_bytes

SECONDS_BETWEEN_LINES = 10.0
"""Seconds between two lines of the same file."""


def make_download_listener() -> PlainDownloadListener:
    """The display of a download."""
    return choose_display(PlainDownloadListener, LiveDownloadListener)


class PlainDownloadListener(ProgressDisplay, DownloadListener):
    """A line a file, and one every few seconds."""

    def __init__(self) -> None:
        # 1 until a file begins: it is divided by.
        self.total_bytes = 1
        self.timer = LineTimer(SECONDS_BETWEEN_LINES)

    def on_file(self, name: str, size: int) -> None:
        self.total_bytes = size
        self.timer.restart()
        err.print(f"fetching {name}, {format_bytes(size)}", markup=False)

    def on_bytes(self, have: int) -> None:
        if self.timer.is_due():
            err.print(f"{100 * have / self.total_bytes:3.0f} % of {format_bytes(self.total_bytes)}")

    def on_notice(self, text: str) -> None:
        err.print(text, style="yellow", markup=False)


class LiveDownloadListener(PlainDownloadListener):
    """A bar for each file, with the speed and the time left."""

    def __init__(self) -> None:
        super().__init__()
        columns = BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn()
        self.bars = Progress(TextColumn("{task.description}", markup=False), *columns, console=err)
        self.task, self.has_begun = TaskID(0), False

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def stop(self) -> None:
        self.bars.stop()

    def on_file(self, name: str, size: int) -> None:
        self.task, self.has_begun = self.bars.add_task(name, total=size), False

    def on_bytes(self, have: int) -> None:
        if self.has_begun:
            self.bars.update(self.task, completed=have)
        else:  # what was there already says nothing of the speed
            self.bars.reset(self.task, completed=have)
        self.has_begun = True
