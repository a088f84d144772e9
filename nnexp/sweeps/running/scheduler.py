"""Making the runs of a sweep exist: stacks go to the executor, receipts come back and are remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from nnexp.errors import Interrupted, RunError
from nnexp.execution.driver import StopRequest
from nnexp.runs import manifest
from nnexp.runs.outcome import RunOutcome, outcome_of_run
from nnexp.runs.snapshots import find_missing_snapshots
from nnexp.spec.spec import Spec
from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskLost, TaskProgress, TaskReport
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.sweeps.planning.structure import split_evenly
from nnexp.sweeps.running.folder import SweepFolder
from nnexp.sweeps.running.progress import SweepProgress
from nnexp.sweeps.running.pruning import Strategy
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs

WatchProgress: TypeAlias = Callable[[SweepProgress], None]

MAX_STACK_ATTEMPTS, MAX_RUN_ATTEMPTS = 2, 4
"""Attempts at a stack whose worker dies, before its runs are tried one by one; and at a run by itself."""

POLL_SECONDS = 0.1
"""Seconds to wait for reports at a time."""

BUSY_RETRY_SECONDS = 1.0
"""Seconds before a run is looked at again that another process is writing."""


@dataclass(slots=True)
class SchedulerLimits:
    """When to give up: after so many failures of this call; None for never."""

    max_failures: int | None = None
    checkpoint_seconds: float = 5.0


@dataclass(slots=True)
class Scheduler:
    """Trains what a strategy asks for. `specs` gives each planned run as components."""

    folder: SweepFolder
    root: Path
    executor: Executor
    stacks: StackPlanner
    progress: SweepProgress
    plan: Mapping[str, PlannedRun]
    stop: StopRequest
    watch: WatchProgress
    limits: SchedulerLimits = field(default_factory=SchedulerLimits)
    _tasks: dict[int, StackTask] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _retry_times: dict[str, float] = field(default_factory=dict)
    _last_task_number: int = 0
    _initial_failures: int = 0

    def run_strategy(self, strategy: Strategy) -> bool:
        """Train until nothing is due; gives whether that came to be, or too many runs failed before.

        Raises Interrupted where that was asked for: the workers have saved their states by then.
        """
        self._initial_failures = self._count_failures()
        self._collect_ended_runs(strategy)
        while due := strategy.find_due_runs(self.progress.outcomes):
            self._check_stop()
            if self._has_too_many_failures():
                self.executor.close()
                return False
            self._submit_due_runs(due)
            for report in self.executor.poll(POLL_SECONDS):
                self._apply_report(report)
            self._report_progress(strategy)
        self._report_progress(strategy)
        return True

    def _report_progress(self, strategy: Strategy) -> None:
        self.progress.pruned = strategy.find_pruned_runs(self.progress.outcomes)
        self.progress.running = {run for task in self._tasks.values() for run in task.specs}
        self.watch(self.progress)

    def _check_stop(self) -> None:
        if self.stop.received is not None:
            self.executor.close()
            raise Interrupted("stopped; the states are saved", self.stop.received)

    def _has_too_many_failures(self) -> bool:
        most = self.limits.max_failures
        return most is not None and self._count_failures() - self._initial_failures >= most

    def _count_failures(self) -> int:
        return self.progress.count_runs("failed") + self.progress.count_runs("diverged")

    def _collect_ended_runs(self, strategy: Strategy) -> None:
        """Take the receipts of runs that have come far enough: by another command, or before a ledger was cut."""
        while found := [
            r
            for run, until in strategy.find_due_runs(self.progress.outcomes).items()
            if (r := self._find_stored_outcome(run, until))
        ]:
            self._record_outcomes(found)

    def _find_stored_outcome(self, run: str, until: int | None) -> RunOutcome | None:
        """The receipt of a run that needs no training to come to an epoch, or its end."""
        folder = self.root / run
        if not (folder / "run.json").is_file():
            return None
        try:
            receipt = outcome_of_run(folder, until)
            whole = receipt.state != "done" or not find_missing_snapshots(
                folder, self._list_snapshot_epochs(run), receipt.epochs
            )
            if whole and receipt.state != "failed" and (receipt.has_ended or receipt.epochs == until):
                manifest.check_resolved(folder, manifest.read_manifest(folder))
                return receipt
        except RunError:
            pass  # the worker will say what is wrong with it
        return None

    def _list_snapshot_epochs(self, run: str) -> tuple[int, ...]:
        """The epochs after which snapshots of a run are kept."""
        ensemble, base = self.folder.definition.settings.ensemble, self.folder.definition.base_text
        if not ensemble or not ensemble.snapshots:
            return ()
        spec = self.plan[run].build_spec(base)
        return compute_snapshot_epochs(spec, ensemble.snapshots) if isinstance(spec, Spec) else ()

    def _submit_due_runs(self, due: Mapping[str, int | None]) -> None:
        """Give stacks of what is due to the executor, as many as keep its workers busy."""
        busy = {run for task in self._tasks.values() for run in task.specs}
        now = time.monotonic()
        free = {run: until for run, until in due.items() if run not in busy and self._retry_times.get(run, 0) <= now}
        if not free or len(self._tasks) > self.executor.workers:
            return
        for runs, until in self._group_into_stacks(free):
            if len(self._tasks) > 2 * self.executor.workers:
                return
            self._submit_stack(runs, until)

    def _group_into_stacks(self, due: Mapping[str, int | None]) -> list[tuple[list[str], int | None]]:
        """What is due, in stacks."""
        groups: dict[Hashable, list[str]] = {}
        for run, until in due.items():
            alone = self._attempts.get(run, 0) >= MAX_STACK_ATTEMPTS
            groups.setdefault((until, self.stacks.find_structure(run), run if alone else None), []).append(run)
        pieces = []
        for runs in groups.values():
            size = self.stacks.choose_size(runs)
            pieces += [(piece, due[piece[0]]) for piece in split_evenly(runs, size, self.executor.workers)]
        return pieces

    def _submit_stack(self, runs: Sequence[str], until: int | None) -> None:
        self._last_task_number += 1
        planned = [self.plan[run] for run in runs]
        ensemble = self.folder.definition.settings.ensemble
        task = StackTask(
            self._last_task_number,
            str(self.root),
            self.folder.definition.base_text,
            {run.run: run.plain_spec for run in planned},
            {run.run: run.overrides for run in planned},
            until,
            max(self._attempts.get(run, 0) for run in runs),
            self.limits.checkpoint_seconds,
            (ensemble.snapshots or 0) if ensemble else 0,
        )
        self._tasks[task.number] = task
        self.executor.submit(task)

    def _apply_report(self, report: TaskReport) -> None:
        """Act upon a report; one of a task that is over is a second delivery, and says nothing new."""
        if isinstance(report, TaskProgress):
            self.progress.epochs_by_task[report.task] = report.epochs
            return
        task = self._tasks.pop(report.task, None)
        self.progress.epochs_by_task.pop(report.task, None)
        if task is None:
            return
        if isinstance(report, TaskFinished):
            for receipt in report.outcomes:
                if receipt.state == "busy":
                    self._retry_times[receipt.run] = time.monotonic() + BUSY_RETRY_SECONDS
            self._record_outcomes([receipt for receipt in report.outcomes if receipt.state != "busy"])
        else:
            self._retry_lost_runs(task, report)

    def _retry_lost_runs(self, task: StackTask, report: TaskLost) -> None:
        """Try again what a worker took with it, at last each run by itself; then it has failed."""
        given_up = []
        for run in task.specs:
            self._attempts[run] = self._attempts.get(run, 0) + 1
            if self._attempts[run] >= MAX_RUN_ATTEMPTS:
                given_up.append(
                    RunOutcome(run, "failed", error=f"its worker died {MAX_RUN_ATTEMPTS} times: {report.reason}")
                )
        self._record_outcomes(given_up)

    def _record_outcomes(self, receipts: Sequence[RunOutcome]) -> None:
        """Remember receipts that are news."""
        news = [
            r
            for r in receipts
            if not any(old.has_ended for old in self.progress.outcomes.get(r.run, [])) or not r.has_ended
        ]
        if news:
            self.folder.append_outcomes(news)
        for receipt in news:
            self.progress.outcomes.setdefault(receipt.run, []).append(receipt)
