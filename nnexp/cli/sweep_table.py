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

from nnexp.cli.progress import duration
from nnexp.cli.render import err, fitted, percent_or_number, told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnexp.sweeps.board import Board
    from nnexp.sweeps.plan import Planned

LIVE = 12
"""Variants that the live table shows."""

EVERY = 5.0
"""Seconds between two lines where there is no terminal."""

WIDEST = 24
"""Characters of a value."""


def variants(board: Board, width: int, most: int | None = None) -> Table:
    """One row a variant, the best first: what varies, how many runs are done, mean, spread and extremes.

    Of a cross-validation they are those of the folds, each of which stands for the mean of its runs.
    """
    from nnexp.sweeps.columns import columns

    every = list(board.variants().values())
    places = sorted(range(len(every)), key=lambda place: _rank(board, every[place]))[:most]
    groups = [every[place] for place in places]
    metric = board.objective.metric
    differing = columns([runs[0].values for runs in every])
    cells = {name: value_cells([values[place] for place in places]) for name, values in differing.items()}
    cells = cells or {"variant": ["base"] * len(groups)}
    values = [_values(board, runs) for runs in groups]
    spread = "fold spread" if any(run.fold is not None for run in board.runs) else "spread"
    cells["done"] = [f"{sum(board.state(run.run) == 'done' for run in runs)}/{len(runs)}" for runs in groups]
    cells["not done"] = [_others(board, runs) for runs in groups]
    cells[metric] = [percent_or_number(metric, sum(v) / len(v)) if v else "-" for v in values]
    cells[spread] = [percent_or_number(metric, stdev(v)) if len(v) > 1 else "-" for v in values]
    cells["least"] = [percent_or_number(metric, min(v)) if v else "-" for v in values]
    cells["most"] = [percent_or_number(metric, max(v)) if v else "-" for v in values]
    if not any(cells["not done"]):
        del cells["not done"]
    return fitted(cells, ("least", "most", spread, "not done"), width)


def _rank(board: Board, runs: Sequence[Planned]) -> tuple[bool, bool, float]:
    """The best first; those with a run that failed after those without, and those without a value last."""
    value, lost = board.value(runs), any(board.state(run.run) in ("diverged", "failed") for run in runs)
    return math.isnan(value), lost, 0.0 if math.isnan(value) else -board.objective.sign * value


def _values(board: Board, runs: Sequence[Planned]) -> list[float]:
    """The objective of each run that is done; where there are folds, of each fold, the mean over its runs."""
    from nnexp.sweeps.strategies import ended, value_of

    folds: dict[int | str, list[float]] = {}
    for run in runs:
        receipt = ended(board.known, run.run)
        value = value_of(board.objective.metric, receipt) if receipt and receipt.state == "done" else math.nan
        if not math.isnan(value):
            folds.setdefault(run.run if run.fold is None else run.fold, []).append(value)
    return [sum(values) / len(values) for values in folds.values()]


def _others(board: Board, runs: Sequence[Planned]) -> str:
    """How many runs of a variant diverged, failed or were pruned, and at which epoch."""
    states = [board.state(run.run) for run in runs]
    counts = {state: states.count(state) for state in ("diverged", "failed", "pruned")}
    said = {state: f"{count} {state}" for state, count in counts.items() if count}
    if "pruned" in said:
        epochs = {receipt.epochs for run in runs for receipt in board.known.get(run.run, [])}
        said["pruned"] += f" at {max(epochs)}"
    return ", ".join(said.values())


def value_cells(values: Sequence[Any]) -> list[str]:
    """A column of something that varies, different values told apart where there is room for it."""
    from nnexp.reports.columns import text

    return list(map(escape, told_apart([text(value) for value in values], WIDEST)))


def watching(*, quiet: bool) -> AbstractContextManager[Watching]:
    """What shows the progress of a sweep, as fits where standard error goes."""
    if quiet:
        return Watching()
    return Showing() if err.is_terminal else Telling()


class Watching:
    """Hears how a sweep stands; this one says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def __call__(self, board: Board) -> None:
        return


class Telling(Watching):
    """One line now and then."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, board: Board) -> None:
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            err.print(summary(board), markup=False)


class Showing(Watching):
    """A table of the best variants above a bar."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self._live = Live(get_renderable=self._render, console=err, refresh_per_second=4, transient=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, board: Board) -> None:
        if self._board is None:
            self._board = board
            self._live.start()
        self._board = board

    def _render(self) -> Group:
        board = self._board
        if board is None:
            return Group()
        line = Table.grid(padding=(0, 1))
        total = max(1, board.epochs_in_all)
        line.add_row(ProgressBar(total=total, completed=board.epochs_behind, width=30), Text(summary(board)))
        best = board.best()
        rows: list[Table | Text] = [variants(board, err.width, LIVE), line]
        if best:
            value = percent_or_number(board.objective.metric, best[1].metrics[board.objective.metric])
            rows.append(Text(f"best so far: {value} {board.objective.metric}, {best[0].run}", style="cyan"))
        return Group(*rows)


def summary(board: Board) -> str:
    """How the sweep stands, in one line."""
    from nnexp.sweeps.session import standing

    left = board.seconds_left()
    share = 100 * board.epochs_behind / max(1, board.epochs_in_all)
    return f"{share:3.0f} %  {standing(board, at_work=True)}" + (f"  {duration(left)} left" if left is not None else "")
