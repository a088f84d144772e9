"""How a sweep stands: what a table of its progress is made of."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.settings import SweepObjective
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.running.folder import OutcomesByRun
from nnexp.sweeps.running.pruning import average_metric, find_ended_outcome


@dataclass(slots=True)
class SweepProgress:
    """All runs of a sweep, what is known of them, and how far those are that are being trained."""

    runs: Sequence[PlannedRun]
    objective: SweepObjective
    planned_epochs: Mapping[str, int]
    """The epochs that each run is to make."""
    outcomes: OutcomesByRun = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    pruned: set[str] = field(default_factory=set)
    epochs_by_task: dict[int, int] = field(default_factory=dict)
    """Epochs that the tasks at work have made, by their numbers."""
    started_at: float = field(default_factory=time.monotonic)
    epochs_at_start: int = 0

    def find_state(self, run: str) -> str:
        """done, diverged, failed, pruned, running or waiting."""
        receipt = find_ended_outcome(self.outcomes, run)
        if receipt:
            return receipt.state
        if run in self.pruned:
            return "pruned"
        return "running" if run in self.running else "waiting"

    def collect_states(self) -> dict[str, str]:
        """The state of every run."""
        return {run.run: self.find_state(run.run) for run in self.runs}

    def count_runs(self, state: str) -> int:
        """How many runs are in a state."""
        return sum(self.find_state(run.run) == state for run in self.runs)

    @property
    def epochs_done(self) -> int:
        """Epochs that were made, of all runs together."""
        return sum(self._count_epochs_done(run.run) for run in self.runs) + sum(self.epochs_by_task.values())

    @property
    def total_epochs(self) -> int:
        """Epochs that will have been made in the end: none are made by runs that are over."""
        return sum(
            self._count_epochs_done(run.run)
            if self.find_state(run.run) in ("done", "diverged", "failed", "pruned")
            else self.planned_epochs[run.run]
            for run in self.runs
        )

    def estimate_seconds_left(self) -> float | None:
        """At the pace since the start; None where there is none yet."""
        made = self.epochs_done - self.epochs_at_start
        elapsed = time.monotonic() - self.started_at
        return elapsed / made * max(0, self.total_epochs - self.epochs_done) if made > 0 else None

    def _count_epochs_done(self, run: str) -> int:
        return max((receipt.epochs for receipt in self.outcomes.get(run, [])), default=0)

    def group_by_variant(self) -> dict[str, list[PlannedRun]]:
        """The runs of each variant."""
        found: dict[str, list[PlannedRun]] = {}
        for run in self.runs:
            found.setdefault(run.variant, []).append(run)
        return found

    def average_objective(self, runs: Sequence[PlannedRun]) -> float:
        """The mean of the objective over the runs that are done; NaN where none is."""
        receipts = [receipt for run in runs if (receipt := find_ended_outcome(self.outcomes, run.run))]
        return average_metric(self.objective.metric, [receipt for receipt in receipts if receipt.state == "done"])

    def find_best_run(self) -> tuple[PlannedRun, RunOutcome] | None:
        """The best run that is done; NaN is never best."""
        found: tuple[float, PlannedRun, RunOutcome] | None = None
        for run in self.runs:
            receipt = find_ended_outcome(self.outcomes, run.run)
            value = receipt.metrics.get(self.objective.metric, math.nan) if receipt else math.nan
            if receipt is None or receipt.state != "done" or math.isnan(value):
                continue
            if found is None or self.objective.sign * value > self.objective.sign * found[0]:
                found = (value, run, receipt)
        return found and (found[1], found[2])
