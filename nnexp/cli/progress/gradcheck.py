"""Progress of `nnexp gradcheck --all`: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from typing import Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nnexp.cli.console import err
from nnexp.cli.progress.display import LineTimer, ProgressDisplay, choose_display

SECONDS_BETWEEN_LINES = 10.0
"""Seconds between two lines where there is no terminal."""


def make_gradcheck_watch(*, quiet: bool) -> GradcheckWatch:
    """The display of a check of all components; it shows nothing if quiet."""
    if quiet:
        return GradcheckWatch()
    return choose_display(PlainGradcheckWatch, LiveGradcheckWatch)


class GradcheckWatch(ProgressDisplay):
    """Hears which component is checked next, by its number from 1 on and how many there are; this one says nothing."""

    def __call__(self, name: str, number: int, total: int) -> None:
        return


class PlainGradcheckWatch(GradcheckWatch):
    """A line at the start, and one now and then."""

    def __init__(self) -> None:
        self._timer = LineTimer(SECONDS_BETWEEN_LINES)

    def __call__(self, name: str, number: int, total: int) -> None:
        if number == 1:
            err.print(f"checking {total} components, which takes a minute or two")
        elif self._timer.is_due():
            err.print(f"component {number} of {total}: {name}", markup=False)


class LiveGradcheckWatch(GradcheckWatch):
    """A bar, and the component that is checked."""

    def __init__(self) -> None:
        columns = BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn()
        self._bars = Progress(*columns, TextColumn("{task.description}", markup=False), console=err, transient=True)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def stop(self) -> None:
        self._bars.stop()

    def __call__(self, name: str, number: int, total: int) -> None:
        if self._task is None:
            self._task = self._bars.add_task(name, total=total)
        self._bars.update(self._task, completed=number - 1, description=name)
