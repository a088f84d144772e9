"""Progress of training: a live table on a terminal, one plain line an epoch elsewhere."""

from __future__ import annotations

import time
from collections import deque

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from nnexp.cli.console import err, fit_table
from nnexp.cli.progress.display import ProgressDisplay, choose_display, render_bar
from nnexp.metrics.names import format_metric
from nnexp.training.events import EpochDone, Event, FitStarted, Notice, StepDone, TrainingStarted
from nnexp.typing import MetricsRow
from nnexp.wording import format_duration

MAX_LIVE_EPOCHS = 8
"""Epochs that the live table shows."""

LEADING_COLUMNS = ("epoch", "train_loss", "train_accuracy", "train_rmse", "dev_loss", "dev_accuracy", "dev_rmse")
TRAILING_COLUMNS = ("lr", "grad_norm", "seconds")
OPTIONAL_COLUMNS = ("seconds", "grad norm", "train accuracy", "train rmse", "lr", "train loss")
"""What a narrow terminal does without, the first first."""

BAR_CHARACTERS = 40
"""Width of the bar."""


def make_training_progress(*, quiet: bool) -> TrainingProgress:
    """The display of a training; it shows nothing if quiet."""
    if quiet:
        return TrainingProgress()
    return choose_display(PlainTrainingProgress, LiveTrainingProgress)


class TrainingProgress(ProgressDisplay):
    """Hears the events of training; this one says nothing."""

    def __init__(self) -> None:
        self.epochs, self.steps = 0, 1
        self.steps_done, self.first_step = 0, 0
        self.start_time = time.monotonic()
        self.has_begun = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self.steps_done += 1
        elif isinstance(event, Notice):
            err.print(event.text, style="yellow", markup=False)
        elif isinstance(event, FitStarted):
            self.has_begun = True
            self.on_fit(event)
        elif isinstance(event, TrainingStarted):
            self.has_begun = True
            self.epochs, self.steps = event.epochs, event.steps
            self.steps_done = self.first_step = event.epoch * event.steps + event.step
            self.start_time = time.monotonic()
            self.on_begin(event)
        elif isinstance(event, EpochDone):
            self.on_epoch(event.rows[0])

    def on_fit(self, event: FitStarted) -> None:
        """A baseline is being fitted."""

    def on_begin(self, event: TrainingStarted) -> None:
        """Training begins or goes on."""

    def on_epoch(self, row: MetricsRow) -> None:
        """An epoch is behind."""


class PlainTrainingProgress(TrainingProgress):
    """One line an epoch."""

    def on_fit(self, event: FitStarted) -> None:
        print_fitting(event)

    def on_begin(self, event: TrainingStarted) -> None:
        if event.epoch or event.step:
            err.print(f"continuing after {event.epoch} epochs and {event.step} steps")

    def on_epoch(self, row: MetricsRow) -> None:
        _, *names = _list_columns(row)  # the epoch itself, which is told with how many there are
        texts = [f"{name} {_format_cell(name, row[name])}" for name in names]
        err.print(f"epoch {row['epoch']:>{len(str(self.epochs))}}/{self.epochs}  " + "  ".join(texts))


class LiveTrainingProgress(TrainingProgress):
    """A table of the latest epochs above a bar with the time left."""

    def __init__(self) -> None:
        super().__init__()
        # The table has to fit into a terminal; all rows are in metrics.csv.
        self.rows: deque[MetricsRow] = deque(maxlen=MAX_LIVE_EPOCHS)
        self.live = Live(get_renderable=self.render_progress, console=err, refresh_per_second=8)

    def stop(self) -> None:
        self.live.stop()

    def on_fit(self, event: FitStarted) -> None:
        print_fitting(event)

    def on_begin(self, event: TrainingStarted) -> None:
        if event.epoch or event.step:
            err.print(f"continuing after {event.epoch} epochs and {event.step} steps", style="cyan")
        self.live.start()

    def on_epoch(self, row: MetricsRow) -> None:
        self.rows.append(row)

    def render_progress(self) -> Group:
        """What the terminal shows now."""
        return Group(self.render_epochs(), self.render_bar())

    def render_epochs(self) -> Table:
        """The latest epochs, the newest last."""
        columns: dict[str, list[str]] = {"epoch": []}
        for row in self.rows:
            for name in _list_columns(row):
                columns.setdefault(name.replace("_", " "), []).append(_format_cell(name, row[name]))
        return fit_table(columns, OPTIONAL_COLUMNS, err.width)

    def render_bar(self) -> Table:
        """How far training is, and how long it will take yet."""
        total = max(1, self.epochs * self.steps)
        share = Text(f"{100 * self.steps_done / total:3.0f} %")
        left = Text(self._describe_time_left(total), style="cyan")
        return render_bar(self.steps_done, total, BAR_CHARACTERS, share, left)

    def _describe_time_left(self, total: int) -> str:
        # A run that continues has steps of an earlier process: only those of this one say how fast it is.
        here = self.steps_done - self.first_step
        if not here:
            return "starting"
        elapsed = time.monotonic() - self.start_time
        return f"{format_duration(elapsed / here * (total - self.steps_done))} left"


def _list_columns(row: MetricsRow) -> list[str]:
    """What is shown of an epoch, in order."""
    return [name for name in (*LEADING_COLUMNS, *TRAILING_COLUMNS) if name in row]


def print_fitting(event: FitStarted) -> None:
    """The line that stands for epochs where there are none."""
    err.print(f"fitting {event.baseline} to {event.examples:,} examples")


def _format_cell(name: str, value: float) -> str:
    if name == "epoch":
        return str(int(value))
    if name == "lr":
        return f"{value:.2e}"
    if name == "seconds":
        return f"{value:.3f}"
    return format_metric(name, value)
