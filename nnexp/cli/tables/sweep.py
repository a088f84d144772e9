"""A sweep as tables: its variants, best first, and a live one while it is at work."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from statistics import stdev
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nnexp.cli.console import err, fit_table, format_metric, shorten_distinctly
from nnexp.cli.progress import format_duration
from nnexp.reports.labels import format_cell
from nnexp.sweeps.planning.columns import build_columns
from nnexp.sweeps.running.pruning import find_ended_outcome, find_metric
from nnexp.sweeps.running.sweep import format_state_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnexp.sweeps.planning.plan import PlannedRun
    from nnexp.sweeps.running.progress import SweepProgress

MAX_LIVE_VARIANTS = 12
"""Variants that the live table shows."""

SECONDS_BETWEEN_LINES = 5.0
"""Seconds between two lines where there is no terminal."""

MAX_VALUE_CHARACTERS = 24
"""Characters of a value."""


def render_variants(board: SweepProgress, width: int, most: int | None = None) -> Table:
    """One row a variant, the best first: what varies, how many runs are done, mean, standard deviation and extremes.

    Of a cross-validation they are those of the folds, each of which stands for the mean of its runs.
    """
    every = list(board.group_by_variant().values())
    places = sorted(range(len(every)), key=lambda place: _rank_variant(board, every[place]))[:most]
    groups = [every[place] for place in places]
    metric = board.objective.metric
    differing = build_columns([runs[0].values for runs in every])
    cells = {name: format_values([values[place] for place in places]) for name, values in differing.items()}
    cells = cells or {"variant": ["base"] * len(groups)}
    values = [_list_values(board, runs) for runs in groups]
    std = "std over folds" if any(run.fold is not None for run in board.runs) else "std"
    cells["done"] = [f"{sum(board.find_state(run.run) == 'done' for run in runs)}/{len(runs)}" for runs in groups]
    cells["not done"] = [_describe_unfinished(board, runs) for runs in groups]
    cells[metric] = [format_metric(metric, sum(v) / len(v)) if v else "-" for v in values]
    cells[std] = [format_metric(metric, stdev(v)) if len(v) > 1 else "-" for v in values]
    cells["min"] = [format_metric(metric, min(v)) if v else "-" for v in values]
    cells["max"] = [format_metric(metric, max(v)) if v else "-" for v in values]
    if not any(cells["not done"]):
        del cells["not done"]
    return fit_table(cells, ("min", "max", std, "not done"), width)


def _rank_variant(board: SweepProgress, runs: Sequence[PlannedRun]) -> tuple[bool, bool, float]:
    """The best first; those with a run that failed after those without, and those without a value last."""
    value, lost = (
        board.average_objective(runs),
        any(board.find_state(run.run) in ("diverged", "failed") for run in runs),
    )
    return math.isnan(value), lost, 0.0 if math.isnan(value) else -board.objective.sign * value


def _list_values(board: SweepProgress, runs: Sequence[PlannedRun]) -> list[float]:
    """The objective of each run that is done; where there are folds, of each fold, the mean over its runs."""
    folds: dict[int | str, list[float]] = {}
    for run in runs:
        receipt = find_ended_outcome(board.outcomes, run.run)
        value = find_metric(board.objective.metric, receipt) if receipt and receipt.state == "done" else math.nan
        if not math.isnan(value):
            folds.setdefault(run.run if run.fold is None else run.fold, []).append(value)
    return [sum(values) / len(values) for values in folds.values()]


def _describe_unfinished(board: SweepProgress, runs: Sequence[PlannedRun]) -> str:
    """How many runs of a variant diverged, failed or were pruned, and at which epoch."""
    states = [board.find_state(run.run) for run in runs]
    counts = {state: states.count(state) for state in ("diverged", "failed", "pruned")}
    said = {state: f"{count} {state}" for state, count in counts.items() if count}
    if "pruned" in said:
        epochs = {receipt.epochs for run in runs for receipt in board.outcomes.get(run.run, [])}
        said["pruned"] += f" at {max(epochs)}"
    return ", ".join(said.values())


def format_values(values: Sequence[Any]) -> list[str]:
    """A column of something that varies, different values told apart where there is room for it."""
    return list(map(escape, shorten_distinctly([format_cell(value) for value in values], MAX_VALUE_CHARACTERS)))


def make_sweep_watch(*, quiet: bool) -> AbstractContextManager[SweepWatch]:
    """What shows the progress of a sweep, as fits where standard error goes."""
    if quiet:
        return SweepWatch()
    return LiveSweepWatch() if err.is_terminal else PlainSweepWatch()


class SweepWatch:
    """Hears how a sweep stands; this one says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def __call__(self, board: SweepProgress) -> None:
        return


class PlainSweepWatch(SweepWatch):
    """One line now and then."""

    def __init__(self) -> None:
        self._last_line_time = time.monotonic()

    def __call__(self, board: SweepProgress) -> None:
        if time.monotonic() - self._last_line_time >= SECONDS_BETWEEN_LINES:
            self._last_line_time = time.monotonic()
            err.print(describe_progress(board), markup=False)


class LiveSweepWatch(SweepWatch):
    """A table of the best variants above a bar."""

    def __init__(self) -> None:
        self._progress: SweepProgress | None = None
        self._live = Live(get_renderable=self._render_progress, console=err, refresh_per_second=4, transient=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, board: SweepProgress) -> None:
        if self._progress is None:
            self._progress = board
            self._live.start()
        self._progress = board

    def _render_progress(self) -> Group:
        board = self._progress
        if board is None:
            return Group()
        line = Table.grid(padding=(0, 1))
        total = max(1, board.total_epochs)
        line.add_row(ProgressBar(total=total, completed=board.epochs_done, width=30), Text(describe_progress(board)))
        best = board.find_best_run()
        rows: list[Table | Text] = [render_variants(board, err.width, MAX_LIVE_VARIANTS), line]
        if best:
            value = format_metric(board.objective.metric, best[1].metrics[board.objective.metric])
            rows.append(Text(f"best so far: {value} {board.objective.metric}, {best[0].run}", style="cyan"))
        return Group(*rows)


def describe_progress(board: SweepProgress) -> str:
    """How the sweep stands, in one line."""
    left = board.estimate_seconds_left()
    share = 100 * board.epochs_done / max(1, board.total_epochs)
    return f"{share:3.0f} %  {format_state_counts(board, at_work=True)}" + (
        f"  {format_duration(left)} left" if left is not None else ""
    )
