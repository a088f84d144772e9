"""How far a sweep is: the state of each run, the epochs behind and ahead, and the best run so far."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from nnexp.errors import DataError
from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.definition.settings import SweepObjective
from nnexp.sweeps.planning.plan import PlannedRun, group_by_variant
from nnexp.sweeps.running.folder import OutcomesByRun, SweepFolder
from nnexp.sweeps.running.objective import choose_objective, choose_recorded_metric, choose_shown_metric
from nnexp.sweeps.running.pruning import average_metric, find_ended_outcome

FINAL_STATES = ("done", "diverged", "failed", "pruned")
"""States of runs that are not trained any further."""


@dataclass(slots=True)
class SweepProgress:
    """All runs of a sweep, their outcomes, and how far those are that are being trained.

    objective: what runs are ranked by; where nothing is ranked, what tables show.
    """

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
    is_ranked: bool = True
    """Whether there is a best run: without a dev part nothing may choose one."""

    def find_state(self, run: str) -> str:
        """done, diverged, failed, pruned, running or waiting."""
        outcome = find_ended_outcome(self.outcomes, run)
        if outcome:
            return outcome.state
        if run in self.pruned:
            return "pruned"
        return "running" if run in self.running else "waiting"

    def collect_states(self) -> dict[str, str]:
        """The state of every run."""
        return {run.run: self.find_state(run.run) for run in self.runs}

    def count_runs(self, state: str) -> int:
        """How many runs are in a state."""
        return list(self.collect_states().values()).count(state)

    @property
    def epochs_done(self) -> int:
        """Epochs made so far, of all runs together."""
        recorded = sum(self._count_epochs_done(run.run) for run in self.runs)
        return recorded + sum(self.epochs_by_task.values())

    @property
    def total_epochs(self) -> int:
        """Epochs at the end of the sweep; a run that is over makes no more than it has."""
        total = 0
        for run, state in self.collect_states().items():
            total += self._count_epochs_done(run) if state in FINAL_STATES else self.planned_epochs[run]
        return total

    def estimate_seconds_left(self) -> float | None:
        """At the pace since the start; None while there is none yet."""
        done = self.epochs_done
        made = done - self.epochs_at_start
        if made <= 0:
            return None
        elapsed = time.monotonic() - self.started_at
        return elapsed / made * max(0, self.total_epochs - done)

    def _count_epochs_done(self, run: str) -> int:
        return max((outcome.epochs for outcome in self.outcomes.get(run, [])), default=0)

    def group_by_variant(self) -> dict[str, list[PlannedRun]]:
        """The runs of each variant."""
        return group_by_variant(self.runs)

    def average_objective(self, runs: Sequence[PlannedRun]) -> float:
        """The mean of the objective over those of the runs that are done; NaN if none is."""
        ended = [find_ended_outcome(self.outcomes, run.run) for run in runs]
        return average_metric(self.objective.metric, [end for end in ended if end and end.state == "done"])

    def find_best_run(self) -> tuple[PlannedRun, RunOutcome] | None:
        """The best run that is done; NaN is never best. None where nothing is ranked."""
        if not self.is_ranked:
            return None
        best: tuple[PlannedRun, RunOutcome] | None = None
        best_score = math.nan
        for run in self.runs:
            outcome = find_ended_outcome(self.outcomes, run.run)
            if outcome is None or outcome.state != "done":
                continue
            score = self.objective.sign * outcome.metrics.get(self.objective.metric, math.nan)
            if not math.isnan(score) and (best is None or score > best_score):
                best, best_score = (run, outcome), score
        return best


def load_progress(
    definition: SweepDefinition, runs: Sequence[PlannedRun], folder: SweepFolder, *, retry: bool = False
) -> SweepProgress:
    """The states of the runs by the ledger."""
    first = runs[0].build_spec(definition.base_text) if runs else None
    epochs = {run.run: count_planned_epochs(run) for run in runs}
    outcomes = _read_valid_outcomes(folder, retry=retry)
    try:
        objective = choose_objective(definition, first)
        shown = objective or choose_shown_metric(first)
    except DataError:
        # The data of a finished sweep may be gone: its outcomes say what was measured.
        shown = choose_recorded_metric(definition, chain.from_iterable(outcomes.values()))
        objective = None if shown.metric.startswith("test_") else shown
    progress = SweepProgress(runs, shown, epochs, outcomes, is_ranked=objective is not None)
    progress.epochs_at_start = progress.epochs_done
    return progress


def _read_valid_outcomes(folder: SweepFolder, *, retry: bool) -> OutcomesByRun:
    """The ledger without runs whose folder was deleted, and without failures if these are to be tried again."""

    def is_valid(outcome: RunOutcome) -> bool:
        if outcome.state == "failed":
            return not retry
        return outcome.state not in ("done", "diverged") or folder.has_run(outcome.run)

    return {run: list(filter(is_valid, outcomes)) for run, outcomes in folder.read_ledger().items()}


def count_planned_epochs(run: PlannedRun) -> int:
    """The epochs of a run; a baseline is fitted in one."""
    return int(run.plain_spec.get("training", {}).get("epochs", 1))
