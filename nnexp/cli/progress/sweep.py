"""Progress of a sweep: a live table of the best variants on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from nnexp.cli.console import err
from nnexp.cli.progress.display import LineTimer, ProgressDisplay, choose_display, render_bar
from nnexp.cli.tables.sweep import render_variants
from nnexp.metrics.names import format_metric
from nnexp.sweeps.running.sweep import format_state_counts
from nnexp.wording import format_duration

if TYPE_CHECKING:
    from nnexp.sweeps.running.progress import SweepProgress

MAX_LIVE_VARIANTS = 12
"""Variants that the live table shows."""

SECONDS_BETWEEN_LINES = 5.0
"""Seconds between two lines where there is no terminal."""

BAR_CHARACTERS = 30
"""Width of the bar."""


def make_sweep_watch(*, quiet: bool) -> SweepWatch:
    """The display of a sweep; it shows nothing if quiet."""
    if quiet:
        return SweepWatch()
    return choose_display(PlainSweepWatch, LiveSweepWatch)


class SweepWatch(ProgressDisplay):
    """Hears how a sweep stands; this one says nothing."""

    def __call__(self, progress: SweepProgress) -> None:
        return


class PlainSweepWatch(SweepWatch):
    """One line now and then."""

    def __init__(self) -> None:
        self._timer = LineTimer(SECONDS_BETWEEN_LINES)

    def __call__(self, progress: SweepProgress) -> None:
        if self._timer.is_due():
            err.print(describe_progress(progress), markup=False)


class LiveSweepWatch(SweepWatch):
    """A table of the best variants above a bar."""

    def __init__(self) -> None:
        self._progress: SweepProgress | None = None
        self._live = Live(get_renderable=self._render_progress, console=err, refresh_per_second=4, transient=True)

    def stop(self) -> None:
        self._live.stop()

    def __call__(self, progress: SweepProgress) -> None:
        if self._progress is None:
            self._progress = progress
            self._live.start()
        self._progress = progress

    def _render_progress(self) -> Group:
        progress = self._progress
        if progress is None:
            return Group()
        total = max(1, progress.total_epochs)
        line = render_bar(progress.epochs_done, total, BAR_CHARACTERS, Text(describe_progress(progress)))
        best = progress.find_best_run()
        rows: list[Table | Text] = [render_variants(progress, err.width, MAX_LIVE_VARIANTS), line]
        if best:
            value = format_metric(progress.objective.metric, best[1].metrics[progress.objective.metric])
            rows.append(Text(f"best so far: {value} {progress.objective.metric}, {best[0].run}", style="cyan"))
        return Group(*rows)


def describe_progress(progress: SweepProgress) -> str:
    """How the sweep stands, in one line."""
    share = 100 * progress.epochs_done / max(1, progress.total_epochs)
    line = f"{share:3.0f} %  {format_state_counts(progress, at_work=True)}"
    left = progress.estimate_seconds_left()
    if left is None:
        return line
    return f"{line}  {format_duration(left)} left"
