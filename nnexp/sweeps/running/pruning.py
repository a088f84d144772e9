"""Which runs are due, and how far they train; a restarted sweep decides the same, as only outcomes count."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.settings import HalvingSettings, SweepObjective
from nnexp.sweeps.planning.plan import PlannedRun, group_by_variant
from nnexp.sweeps.running.folder import OutcomesByRun

ROUNDING_GUARD = 1e-9
"""Added before a share of variants is rounded down: 0.29 * 100 is 28.999999999999996."""


class Strategy(ABC):
    """What a sweep does with its runs."""

    @abstractmethod
    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        """The runs to train, by name, the most urgent first: to which epoch, or None for their end.

        Those that are being trained at the moment are among them.
        """

    def find_pruned_runs(self, known: OutcomesByRun) -> set[str]:
        """The runs whose training was cut short for good."""
        return set()


@dataclass(frozen=True, slots=True)
class FullTraining(Strategy):
    """Every run is trained to its end."""

    runs: Sequence[PlannedRun]

    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        return {run.run: None for run in self.runs if find_ended_outcome(known, run.run) is None}


@dataclass(frozen=True, slots=True)
class SuccessiveHalving(Strategy):
    """At each rung the best variants go on.    V variants: round(keep · V) of them, at least one

    The value of a variant is the mean of its runs; one with a run that failed or diverged comes last.
    """

    runs: Sequence[PlannedRun]
    halving: HalvingSettings
    objective: SweepObjective

    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        standings = self._make_standings(known)
        if self.halving.asynchronous:
            return self._find_promotions(standings) or self._promote_furthest(standings)
        due, _ = self._find_current_round(standings)
        return due

    def find_pruned_runs(self, known: OutcomesByRun) -> set[str]:
        standings = self._make_standings(known)
        if not self.halving.asynchronous:
            remaining = set(self._find_current_round(standings)[1])
        elif self.find_due_runs(known):
            return set()  # a variant that waits may still be promoted
        else:
            remaining = set(standings.find_variants_at(len(standings.rungs) + 1))
        cut_short = [run.run for run in self.runs if run.variant not in remaining]
        # A run that ended before its variant was cut short keeps its own state.
        return {run for run in cut_short if find_ended_outcome(known, run) is None}

    def _make_standings(self, known: OutcomesByRun) -> _Standings:
        return _Standings(self.runs, sorted(set(self.halving.rungs)), self.objective, known)

    def _find_current_round(self, standings: _Standings) -> tuple[dict[str, int | None], list[str]]:
        """What is due in the first round that is not over, and the variants that take part in it."""
        remaining = list(standings.levels)
        for rung in standings.rungs:
            due = standings.find_unfinished_runs(remaining, rung)
            if due:
                return due, remaining
            kept = max(1, round(self.halving.keep * len(remaining)))
            best = set(standings.rank_variants(remaining, rung)[:kept])
            remaining = [variant for variant in remaining if variant in best]
        return standings.find_unfinished_runs(remaining, None), remaining

    def _find_promotions(self, standings: _Standings) -> dict[str, int | None]:
        """Promotions, from the highest rung down, then the variants that have not reached the first."""
        variant_count = len(standings.levels)
        due: dict[str, int | None] = {}
        for level in range(len(standings.rungs), 0, -1):
            reached = [variant for variant, its_level in standings.levels.items() if its_level >= level]
            kept = int(self.halving.keep * len(reached) + ROUNDING_GUARD)
            if kept == 0 and len(reached) == variant_count:
                kept = 1  # nobody else can come: the best goes on, however small the share
            best = standings.rank_variants(reached, standings.rungs[level - 1])[:kept]
            promoted = [variant for variant in best if standings.levels[variant] == level]
            due |= standings.find_unfinished_runs(promoted, standings.find_next_rung(level))
        return due | standings.find_unfinished_runs(standings.find_variants_at(0), standings.rungs[0])

    def _promote_furthest(self, standings: _Standings) -> dict[str, int | None]:
        """If nothing else is due, the best of the variants that came furthest, so that at least one ends."""
        if standings.has_finished_variant():
            return {}
        waiting_levels = [level for level in standings.levels.values() if level <= len(standings.rungs)]
        furthest = max(waiting_levels, default=0)
        if furthest == 0:
            return {}
        variants = standings.find_variants_at(furthest)
        best = standings.rank_variants(variants, standings.rungs[furthest - 1])[0]
        return standings.find_unfinished_runs([best], standings.find_next_rung(furthest))


class _Standings:
    """How far each variant of a pruned sweep has come, and how good it is there.

    levels: the rungs that a variant has reached, in the order of the plan; one more if all its runs have ended.
    """

    def __init__(
        self, runs: Sequence[PlannedRun], rungs: Sequence[int], objective: SweepObjective, known: OutcomesByRun
    ) -> None:
        self.rungs = rungs
        self._objective = objective
        self._known = known
        self._runs_by_variant: dict[str, list[str]] = {}
        for variant, planned in group_by_variant(runs).items():
            self._runs_by_variant[variant] = [run.run for run in planned]
        self.levels = {variant: self._count_rungs(variant) for variant in self._runs_by_variant}

    def _count_rungs(self, variant: str) -> int:
        if self._has_reached(variant, None):
            return len(self.rungs) + 1
        return sum(self._has_reached(variant, rung) for rung in self.rungs)

    def _has_reached(self, variant: str, aim: int | None) -> bool:
        return not self.find_unfinished_runs([variant], aim)

    def find_unfinished_runs(self, variants: Iterable[str], aim: int | None) -> dict[str, int | None]:
        """The runs of these variants that have not reached an epoch, or their end (None), each with this aim."""
        unfinished: dict[str, int | None] = {}
        for variant in variants:
            for run in self._runs_by_variant[variant]:
                if find_outcome_at_rung(self._known, run, aim) is None:
                    unfinished[run] = aim
        return unfinished

    def find_variants_at(self, level: int) -> list[str]:
        """The variants that have reached just so many rungs."""
        return [variant for variant, its_level in self.levels.items() if its_level == level]

    def find_next_rung(self, level: int) -> int | None:
        """How far a variant goes on that has reached so many rungs; None for the end."""
        return self.rungs[level] if level < len(self.rungs) else None

    def has_finished_variant(self) -> bool:
        """Whether all runs of one variant are done."""
        for runs in self._runs_by_variant.values():
            outcomes = [find_ended_outcome(self._known, run) for run in runs]
            if all(outcome and outcome.state == "done" for outcome in outcomes):
                return True
        return False

    def rank_variants(self, variants: Iterable[str], rung: int) -> list[str]:
        """The variants, the best at a rung first; equal ones keep their order, so that a restart ranks the same."""
        return sorted(variants, key=lambda variant: self._compute_rank(variant, rung))

    def _compute_rank(self, variant: str, rung: int) -> float:
        """The smaller, the better."""
        outcomes = [find_outcome_at_rung(self._known, run, rung) for run in self._runs_by_variant[variant]]
        value = average_metric(self._objective.metric, list(filter(None, outcomes)))
        return math.inf if math.isnan(value) else -self._objective.sign * value


def find_ended_outcome(known: OutcomesByRun, run: str) -> RunOutcome | None:
    """The outcome of a run that has ended, if it has."""
    return next((outcome for outcome in known.get(run, []) if outcome.has_ended), None)


def find_outcome_at_rung(known: OutcomesByRun, run: str, rung: int | None) -> RunOutcome | None:
    """The outcome of a run that has reached an epoch, or has ended before it; without an epoch, that has ended."""
    if rung is not None:
        for outcome in known.get(run, []):
            if outcome.state == "paused" and outcome.epochs == rung:
                return outcome
    end = find_ended_outcome(known, run)
    if end is None or rung is None:
        return end
    # The final metrics of a run that was trained past the rung say nothing of how it stood there.
    return end if end.state != "done" or end.epochs <= rung else None


def average_metric(metric: str, outcomes: Sequence[RunOutcome]) -> float:
    """The mean of a metric; NaN if one of the runs has none because it failed or diverged."""
    values = [find_metric(metric, outcome) for outcome in outcomes]
    return sum(values) / len(values) if values else math.nan


def find_metric(metric: str, outcome: RunOutcome) -> float:
    """A metric of a run; NaN if it has none."""
    if outcome.state in ("failed", "diverged"):
        return math.nan
    return outcome.metrics.get(metric, math.nan)
