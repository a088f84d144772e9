"""Making the runs of a sweep exist: stacks go to the executor, receipts come back and are remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from nnexp.errors import Interrupted, RunError
from nnexp.runs import manifest
from nnexp.runs.conduct import Stop
from nnexp.runs.receipts import Receipt, receipt_of
from nnexp.runs.snapshots import lacking
from nnexp.spec.sections import Spec
from nnexp.sweeps.board import Board
from nnexp.sweeps.executors.base import Executor, Finished, Lost, Progress, Report, Task
from nnexp.sweeps.folder import SweepFolder
from nnexp.sweeps.plan import Planned
from nnexp.sweeps.snapshots import snapshot_epochs
from nnexp.sweeps.stacks import Stacks
from nnexp.sweeps.strategies import Strategy
from nnexp.sweeps.structure import chunks

Watch: TypeAlias = Callable[[Board], None]

TOGETHER, ALONE = 2, 4
"""Attempts at a stack whose worker dies, before its runs are tried one by one; and at a run by itself."""

WAIT = 0.1
"""Seconds to wait for reports at a time."""

AGAIN = 1.0
"""Seconds before a run is looked at again that another process is writing."""


@dataclass(slots=True)
class Limits:
    """When to give up: after so many failures of this call; None for never."""

    failures: int | None = None
    checkpoint_seconds: float = 5.0


@dataclass(slots=True)
class Conductor:
    """Trains what a strategy asks for. `specs` gives each planned run as components."""

    folder: SweepFolder
    root: Path
    executor: Executor
    stacks: Stacks
    board: Board
    plan: Mapping[str, Planned]
    stop: Stop
    watch: Watch
    limits: Limits = field(default_factory=Limits)
    _tasks: dict[int, Task] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _number: int = 0
    _failed_before: int = 0

    def run(self, strategy: Strategy) -> bool:
        """Train until nothing is due; gives whether that came to be, or too many runs failed before.

        Raises Interrupted where that was asked for: the workers have saved their states by then.
        """
        self._failed_before = self._failures()
        self._find_ended(strategy)
        while due := strategy.due(self.board.known):
            self._check_stop()
            if self._too_many_failures():
                self.executor.close()
                return False
            self._submit(due)
            for report in self.executor.poll(WAIT):
                self._take(report)
            self._show(strategy)
        self._show(strategy)
        return True

    def _show(self, strategy: Strategy) -> None:
        self.board.pruned = strategy.pruned(self.board.known)
        self.board.running = {run for task in self._tasks.values() for run in task.specs}
        self.watch(self.board)

    def _check_stop(self) -> None:
        if self.stop.received is not None:
            self.executor.close()
            raise Interrupted("stopped; the states are saved", self.stop.received)

    def _too_many_failures(self) -> bool:
        most = self.limits.failures
        return most is not None and self._failures() - self._failed_before >= most

    def _failures(self) -> int:
        return self.board.count("failed") + self.board.count("diverged")

    def _find_ended(self, strategy: Strategy) -> None:
        """Take the receipts of runs that have come far enough: by another command, or before a ledger was cut."""
        while found := [r for run, until in strategy.due(self.board.known).items() if (r := self._stored(run, until))]:
            self._record(found)

    def _stored(self, run: str, until: int | None) -> Receipt | None:
        """The receipt of a run that needs no training to come to an epoch, or its end."""
        folder = self.root / run
        if not (folder / "run.json").is_file():
            return None
        try:
            receipt = receipt_of(folder, until)
            whole = receipt.state != "done" or not lacking(folder, self._snapshots(run), receipt.epochs)
            if whole and receipt.state != "failed" and (receipt.ended or receipt.epochs == until):
                manifest.check_resolved(folder, manifest.read(folder))
                return receipt
        except RunError:
            pass  # the worker will say what is wrong with it
        return None

    def _snapshots(self, run: str) -> tuple[int, ...]:
        """The epochs after which snapshots of a run are kept."""
        ensemble, base = self.folder.definition.common.ensemble, self.folder.definition.base_text
        if not ensemble or not ensemble.snapshots:
            return ()
        spec = self.plan[run].spec(base)
        return snapshot_epochs(spec, ensemble.snapshots) if isinstance(spec, Spec) else ()

    def _submit(self, due: Mapping[str, int | None]) -> None:
        """Give stacks of what is due to the executor, as many as keep its workers busy."""
        busy = {run for task in self._tasks.values() for run in task.specs}
        now = time.monotonic()
        free = {run: until for run, until in due.items() if run not in busy and self._not_before.get(run, 0) <= now}
        if not free or len(self._tasks) > self.executor.workers:
            return
        for runs, until in self._grouped(free):
            if len(self._tasks) > 2 * self.executor.workers:
                return
            self._send(runs, until)

    def _grouped(self, due: Mapping[str, int | None]) -> list[tuple[list[str], int | None]]:
        """What is due, in stacks."""
        groups: dict[Hashable, list[str]] = {}
        for run, until in due.items():
            alone = self._attempts.get(run, 0) >= TOGETHER
            groups.setdefault((until, self.stacks.structure(run), run if alone else None), []).append(run)
        pieces = []
        for runs in groups.values():
            size = self.stacks.size(runs)
            pieces += [(piece, due[piece[0]]) for piece in chunks(runs, size, self.executor.workers)]
        return pieces

    def _send(self, runs: Sequence[str], until: int | None) -> None:
        self._number += 1
        planned = [self.plan[run] for run in runs]
        ensemble = self.folder.definition.common.ensemble
        task = Task(
            self._number,
            str(self.root),
            self.folder.definition.base_text,
            {run.run: run.plain for run in planned},
            {run.run: run.overrides for run in planned},
            until,
            max(self._attempts.get(run, 0) for run in runs),
            self.limits.checkpoint_seconds,
            (ensemble.snapshots or 0) if ensemble else 0,
        )
        self._tasks[task.number] = task
        self.executor.submit(task)

    def _take(self, report: Report) -> None:
        """Act upon a report; one of a task that is over is a second delivery, and says nothing new."""
        if isinstance(report, Progress):
            self.board.under_way[report.task] = report.epochs
            return
        task = self._tasks.pop(report.task, None)
        self.board.under_way.pop(report.task, None)
        if task is None:
            return
        if isinstance(report, Finished):
            for receipt in report.receipts:
                if receipt.state == "busy":
                    self._not_before[receipt.run] = time.monotonic() + AGAIN
            self._record([receipt for receipt in report.receipts if receipt.state != "busy"])
        else:
            self._lost(task, report)

    def _lost(self, task: Task, report: Lost) -> None:
        """Try again what a worker took with it, at last each run by itself; then it has failed."""
        given_up = []
        for run in task.specs:
            self._attempts[run] = self._attempts.get(run, 0) + 1
            if self._attempts[run] >= ALONE:
                given_up.append(Receipt(run, "failed", error=f"its worker died {ALONE} times: {report.reason}"))
        self._record(given_up)

    def _record(self, receipts: Sequence[Receipt]) -> None:
        """Remember receipts that are news."""
        news = [r for r in receipts if not any(old.ended for old in self.board.known.get(r.run, [])) or not r.ended]
        if news:
            self.folder.record(news)
        for receipt in news:
            self.board.known.setdefault(receipt.run, []).append(receipt)
