"""Progress of training: a live table on a terminal, one plain line an epoch elsewhere."""

from __future__ import annotations

import time
from collections import deque
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nnexp.cli.render import err, fitted, percent_or_number
from nnexp.training.events import Began, EpochDone, Event, Fitting, Notice, StepDone
from nnexp.typing import Row

LATEST = 8
"""Epochs that the live table shows."""

SHOWN = ("epoch", "train_loss", "train_accuracy", "train_rmse", "dev_loss", "dev_accuracy", "dev_rmse")
LAST = ("lr", "grad_norm", "seconds")
SPARE = ("seconds", "grad norm", "train accuracy", "train rmse", "lr", "train loss")
"""What a narrow terminal does without, the first first."""


def progress(*, quiet: bool) -> AbstractContextManager[Progress]:
    """The kind of progress that fits where standard error goes."""
    if quiet:
        return Progress()
    return LiveProgress() if err.is_terminal else PlainProgress()


class Progress:
    """Hears the events of training; this one says nothing."""

    def __init__(self) -> None:
        self.epochs, self.steps = 0, 1
        self.behind, self.began_at = 0, 0
        self.clock = time.monotonic()
        self.has_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self.behind += 1
        elif isinstance(event, Notice):
            err.print(event.text, style="yellow", markup=False)
        elif isinstance(event, Fitting):
            self.has_begun = True
            self.on_fit(event)
        elif isinstance(event, Began):
            self.has_begun = True
            self.epochs, self.steps = event.epochs, event.steps
            self.behind = self.began_at = event.epoch * event.steps + event.step
            self.clock = time.monotonic()
            self.on_begin(event)
        elif isinstance(event, EpochDone):
            self.on_epoch(event.rows[0])

    def on_fit(self, event: Fitting) -> None:
        """A baseline is being fitted."""

    def on_begin(self, event: Began) -> None:
        """Training begins or goes on."""

    def on_epoch(self, row: Row) -> None:
        """An epoch is behind."""


class PlainProgress(Progress):
    """One line an epoch."""

    def on_fit(self, event: Fitting) -> None:
        say_fitting(event)

    def on_begin(self, event: Began) -> None:
        if event.epoch or event.step:
            err.print(f"continuing after {event.epoch} epochs and {event.step} steps")

    def on_epoch(self, row: Row) -> None:
        cells = [f"{name} {_cell(name, row[name])}" for name in (*SHOWN, *LAST) if name in row and name != "epoch"]
        err.print(f"epoch {row['epoch']:>{len(str(self.epochs))}}/{self.epochs}  " + "  ".join(cells))


class LiveProgress(Progress):
    """A table of the latest epochs above a bar with the time left."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: deque[Row] = deque(maxlen=LATEST)
        self.live = Live(get_renderable=self.render, console=err, refresh_per_second=8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def on_fit(self, event: Fitting) -> None:
        say_fitting(event)

    def on_begin(self, event: Began) -> None:
        if event.epoch or event.step:
            err.print(f"continuing after {event.epoch} epochs and {event.step} steps", style="cyan")
        self.live.start()

    def on_epoch(self, row: Row) -> None:
        self.rows.append(row)

    def render(self) -> Group:
        """What the terminal shows now."""
        return Group(self.epochs_table(), self.bar())

    def epochs_table(self) -> Table:
        """The latest epochs, the newest last."""
        rows = list(self.rows)
        names = [name for name in (*SHOWN, *LAST) if rows and name in rows[0]] or ["epoch"]
        columns = {name.replace("_", " "): [_cell(name, row[name]) for row in rows] for name in names}
        return fitted(columns, SPARE, err.width)

    def bar(self) -> Table:
        """How far training is, and how long it will take yet."""
        total = max(1, self.epochs * self.steps)
        here = self.behind - self.began_at
        elapsed = time.monotonic() - self.clock
        left = f"{duration(elapsed / here * (total - self.behind))} left" if here else "starting"
        line = Table.grid(padding=(0, 1))
        share = Text(f"{100 * self.behind / total:3.0f} %")
        line.add_row(ProgressBar(total=total, completed=self.behind, width=40), share, Text(left, style="cyan"))
        return line


def say_fitting(event: Fitting) -> None:
    """The line that stands for epochs where there are none."""
    err.print(f"fitting {event.baseline} to {event.examples:,} examples")


def _cell(name: str, value: float) -> str:
    if name in ("lr", "seconds"):
        return f"{value:.2e}" if name == "lr" else f"{value:.3f}"
    return str(int(value)) if name == "epoch" else percent_or_number(name, value)


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours too, for people."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
