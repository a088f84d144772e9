"""What displays of progress share: which one fits standard error, when a line is due, how time is told."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, TypeVar

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nnexp.cli.console import err


class ProgressDisplay:
    """A display of progress as a context; it ends with it, whatever happens inside."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Give the terminal back; a display that takes none has nothing to do."""


Display = TypeVar("Display", bound=ProgressDisplay)


def choose_display(plain: type[Display], live: type[Display]) -> Display:
    """The live display where standard error is a terminal, the plain one elsewhere."""
    if err.is_terminal:
        return live()
    return plain()


class LineTimer:
    """Says when the next plain line is due, so that the log of many hours stays short."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last_time = time.monotonic()

    def restart(self) -> None:
        """A line was written just now."""
        self._last_time = time.monotonic()

    def is_due(self) -> bool:
        """Whether the last line is long enough ago; if so, the next is counted as written."""
        if time.monotonic() - self._last_time < self._seconds:
            return False
        self.restart()
        return True


def render_bar(done: float, total: float, width: int, *texts: Text) -> Table:
    """A bar, and the texts beside it, in one line."""
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(total=total, completed=done, width=width), *texts)
    return line
