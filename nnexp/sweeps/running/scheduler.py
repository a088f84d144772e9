"""Training the runs of a sweep: stacks go to the executor, outcomes come back and go into the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
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
from nnexp.sweeps.running.pruning import Strategy, find_ended_outcome
from nnexp.sweeps.running.run_data import RunData
from nnexp.sweeps.running.snapshots import compute_snapshot_epochs

WatchProgress: TypeAlias = Callable[[SweepProgress], None]

MAX_STACK_ATTEMPTS = 2
"""Attempts at a stack whose worker dies, before its runs are tried one by one: one of them may kill the others."""

MAX_RUN_ATTEMPTS = 4
"""Attempts at a run whose worker dies, those in a stack included, before it counts as failed."""

POLL_SECONDS = 0.1
"""Seconds to wait for reports at a time."""

BUSY_RETRY_SECONDS = 1.0
"""Seconds before another attempt at a run that another process is writing."""


@dataclass(slots=True)
class SchedulerLimits:
    """When to stop: after so many failures in this call, or never (None)."""

    max_failures: int | None = None
    checkpoint_seconds: float = 5.0


@dataclass(slots=True)
class Scheduler:
    """Trains what a strategy asks for."""

    folder: SweepFolder
    root: Path
    executor: Executor
    stacks: StackPlanner
    progress: SweepProgress
    plan: Mapping[str, PlannedRun]
    data: RunData
    stop: StopRequest
    watch: WatchProgress
    limits: SchedulerLimits = field(default_factory=SchedulerLimits)
    _tasks: dict[int, StackTask] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _retry_times: dict[str, float] = field(default_factory=dict)
    _last_task_number: int = 0
    _initial_failures: int = 0

    def run_strategy(self, strategy: Strategy) -> bool:
        """Train until nothing is due; False if too many runs failed before.

        Raises Interrupted after a signal, when the workers have saved their states.
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
        self.progress.running = self._list_busy_runs()
        self.watch(self.progress)

    def _list_busy_runs(self) -> set[str]:
        return set(chain.from_iterable(task.specs for task in self._tasks.values()))

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
        """Record the outcomes of runs that are on disk already: of another command, or missing in a damaged ledger."""
        while True:
            found = []
            for run, until in strategy.find_due_runs(self.progress.outcomes).items():
                outcome = self._find_stored_outcome(run, until)
                if outcome:
                    found.append(outcome)
            if not found:
                return
            self._record_outcomes(found)  # which may make further runs due, at the next rung

    def _find_stored_outcome(self, run: str, until: int | None) -> RunOutcome | None:
        """The outcome of a run that needs no training to reach an epoch, or its end."""
        folder = self.root / run
        if not (folder / "run.json").is_file():
            return None
        try:
            outcome = outcome_of_run(folder, until)
            if self._is_sufficient(outcome, until):
                manifest.check_resolved(folder, manifest.read_manifest(folder))
                return outcome
        except RunError:
            pass  # the worker will report what is wrong with it
        return None

    def _is_sufficient(self, outcome: RunOutcome, until: int | None) -> bool:
        """Whether nothing is left to train. A failure is: whatever caused it may be mended by now."""
        if outcome.state == "failed" or not (outcome.has_ended or outcome.epochs == until):
            return False
        if outcome.state != "done":
            return True
        snapshots = self._list_snapshot_epochs(outcome.run)
        return not find_missing_snapshots(self.root / outcome.run, snapshots, outcome.epochs)

    def _list_snapshot_epochs(self, run: str) -> tuple[int, ...]:
        """The epochs after which snapshots of a run are kept."""
        if not self._snapshot_count:
            return ()
        spec = self.plan[run].build_spec(self.folder.definition.base_text)
        return compute_snapshot_epochs(spec, self._snapshot_count) if isinstance(spec, Spec) else ()

    @property
    def _snapshot_count(self) -> int:
        ensemble = self.folder.definition.settings.ensemble
        return (ensemble.snapshots or 0) if ensemble else 0

    def _submit_due_runs(self, due: Mapping[str, int | None]) -> None:
        """Give stacks of what is due to the executor, as many as keep its workers busy."""
        # Only a small reserve is submitted: later stacks are larger, and follow the ranks of a pruned sweep by then.
        if len(self._tasks) > self.executor.workers:
            return
        for runs, until in self._group_into_stacks(self._choose_free_runs(due)):
            if len(self._tasks) > 2 * self.executor.workers:
                return
            self._submit_stack(runs, until)

    def _choose_free_runs(self, due: Mapping[str, int | None]) -> dict[str, int | None]:
        """What is due and neither at work here nor in another process."""
        busy, now = self._list_busy_runs(), time.monotonic()
        free = [run for run in due if run not in busy and self._retry_times.get(run, 0) <= now]
        return {run: due[run] for run in free}

    def _group_into_stacks(self, due: Mapping[str, int | None]) -> list[tuple[list[str], int | None]]:
        """What is due, in stacks."""
        groups: dict[Hashable, list[str]] = {}
        for run, until in due.items():
            # After its worker died too often, a run is tried alone, so that it takes no other run with it.
            alone = self._attempts.get(run, 0) >= MAX_STACK_ATTEMPTS
            key = (until, self.stacks.find_structure(run), run if alone else None)
            groups.setdefault(key, []).append(run)
        stacks: list[tuple[list[str], int | None]] = []
        for runs in groups.values():
            until = due[runs[0]]
            size = self.stacks.choose_size(runs)
            pieces = split_evenly(runs, size, self.executor.workers)
            stacks += [(piece, until) for piece in pieces]
        return stacks

    def _submit_stack(self, runs: Sequence[str], until: int | None) -> None:
        self._last_task_number += 1
        task = StackTask(
            self._last_task_number,
            str(self.root),
            self.folder.definition.base_text,
            {run: self.plan[run].plain_spec for run in runs},
            {run: self.plan[run].overrides for run in runs},
            until,
            max(self._attempts.get(run, 0) for run in runs),
            self.limits.checkpoint_seconds,
            self._snapshot_count,
        )
        self._tasks[task.number] = task
        self.executor.submit(task)

    def _apply_report(self, report: TaskReport) -> None:
        """Act on a report. One of a task that is over is a second delivery of the same news, and is dropped."""
        if isinstance(report, TaskProgress):
            self.progress.epochs_by_task[report.task] = report.epochs
            return
        task = self._tasks.pop(report.task, None)
        self.progress.epochs_by_task.pop(report.task, None)
        if task is None:
            return
        if isinstance(report, TaskFinished):
            self._apply_outcomes(report.outcomes)
        else:
            self._retry_lost_runs(task, report)

    def _apply_outcomes(self, outcomes: Sequence[RunOutcome]) -> None:
        """Record outcomes; runs that another process is writing are tried again later."""
        settled = []
        for outcome in outcomes:
            if outcome.state == "busy":
                self._retry_times[outcome.run] = time.monotonic() + BUSY_RETRY_SECONDS
            else:
                settled.append(outcome)
        self._record_outcomes(settled)

    def _retry_lost_runs(self, task: StackTask, report: TaskLost) -> None:
        """Count an attempt at each run of a worker that died; a run with too many has failed."""
        given_up = []
        for run in task.specs:
            self._attempts[run] = self._attempts.get(run, 0) + 1
            if self._attempts[run] >= MAX_RUN_ATTEMPTS:
                error = f"its worker died {MAX_RUN_ATTEMPTS} times: {report.reason}"
                given_up.append(RunOutcome(run, "failed", error=error))
        self._record_outcomes(given_up)

    def _record_outcomes(self, outcomes: Sequence[RunOutcome]) -> None:
        """Add outcomes to the ledger, except the end of a run that has ended before.

        Raises ResumeError where one is of other data than the rest: a file changed, or differs on another machine.
        """
        for outcome in outcomes:
            self.data.check_run(self.plan[outcome.run])
        news = [outcome for outcome in outcomes if not outcome.has_ended or not self._has_ended(outcome.run)]
        if news:
            self.folder.append_outcomes(news)
        for outcome in news:
            self.progress.outcomes.setdefault(outcome.run, []).append(outcome)

    def _has_ended(self, run: str) -> bool:
        return find_ended_outcome(self.progress.outcomes, run) is not None
