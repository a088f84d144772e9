"""Which runs are to be trained now, and how far: decided from receipts alone, so that a restart decides the same."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.settings import HalvingSettings, SweepObjective
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.running.folder import OutcomesByRun


class Strategy(ABC):
    """What a sweep does with its runs."""

    @abstractmethod
    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        """The runs that lack something, by name, the most urgent first: to which epoch, or None for their end.

        Those that are being trained at the moment are among them.
        """

    def find_pruned_runs(self, known: OutcomesByRun) -> set[str]:
        """The runs whose training was cut short for good."""
        return set()


def find_ended_outcome(known: OutcomesByRun, run: str) -> RunOutcome | None:
    """The receipt of a run that has ended, if it has."""
    return next((receipt for receipt in known.get(run, []) if receipt.has_ended), None)


@dataclass(frozen=True, slots=True)
class FullTraining(Strategy):
    """Every run is trained to its end."""

    runs: Sequence[PlannedRun]

    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        return {run.run: None for run in self.runs if find_ended_outcome(known, run.run) is None}


@dataclass(frozen=True, slots=True)
class SuccessiveHalving(Strategy):
    """At each rung the best variants go on.    V variants: round(keep · V) of them, at least one

    A variant's value is the mean of its runs; one with a run that failed or diverged comes last.
    """

    runs: Sequence[PlannedRun]
    halving: HalvingSettings
    objective: SweepObjective

    def find_due_runs(self, known: OutcomesByRun) -> dict[str, int | None]:
        return self._find_promotions(known) if self.halving.asynchronous else self._find_current_round(known)[0]

    def find_pruned_runs(self, known: OutcomesByRun) -> set[str]:
        if self.halving.asynchronous:
            if self.find_due_runs(known):
                return set()
            going = {
                v for v, runs in self._group_variants().items() if self._count_rungs(known, runs) > len(self._rungs)
            }
        else:
            _, going = self._find_current_round(known)
        return {
            run.run for run in self.runs if run.variant not in going and find_ended_outcome(known, run.run) is None
        }  # those that ended before they were cut short are done

    @property
    def _rungs(self) -> tuple[int, ...]:
        return tuple(sorted(set(self.halving.rungs)))

    def _group_variants(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for run in self.runs:
            found.setdefault(run.variant, []).append(run.run)
        return found

    def _find_current_round(self, known: OutcomesByRun) -> tuple[dict[str, int | None], set[str]]:
        """What is due in the first round that is not over, and the variants that take part in it."""
        variants = self._group_variants()
        for rung in self._rungs:
            due: dict[str, int | None] = {
                run: rung
                for runs in variants.values()
                for run in runs
                if find_outcome_at_rung(known, run, rung) is None
            }
            if due:
                return due, set(variants)
            kept = max(1, round(self.halving.keep * len(variants)))
            ranked = sorted(variants, key=lambda v: self._compute_rank(known, variants[v], rung))[
                :kept
            ]  # stable: in order
            variants = {variant: runs for variant, runs in variants.items() if variant in ranked}
        due = {run: None for runs in variants.values() for run in runs if find_ended_outcome(known, run) is None}
        return due, set(variants)

    def _find_promotions(self, known: OutcomesByRun) -> dict[str, int | None]:
        """Promotions, from the highest rung down, then the variants that have not come to the first."""
        variants = self._group_variants()
        levels = {variant: self._count_rungs(known, runs) for variant, runs in variants.items()}
        due: dict[str, int | None] = {}
        for level in range(len(self._rungs), 0, -1):
            there = [variant for variant in variants if levels[variant] >= level]
            kept = int(self.halving.keep * len(there) + 1e-9) or (len(there) == len(variants))
            rung = self._rungs[level - 1]
            best = sorted(there, key=lambda v: self._compute_rank(known, variants[v], rung))[:kept]
            aim = self._find_next_rung(level)
            due |= {
                run: aim for v in best if levels[v] == level for run in self._find_unfinished(known, variants[v], aim)
            }
        first = self._rungs[0]
        started = (v for v in variants if levels[v] == 0)
        due |= {run: first for v in started for run in self._find_unfinished(known, variants[v], first)}
        return due or self._promote_furthest(known, variants, levels)

    def _find_next_rung(self, level: int) -> int | None:
        """Where a variant goes on to that has come to so many rungs; None for the end."""
        return self._rungs[level] if level < len(self._rungs) else None

    def _promote_furthest(
        self, known: OutcomesByRun, variants: Mapping[str, Sequence[str]], levels: Mapping[str, int]
    ) -> dict[str, int | None]:
        """Where nobody else is on the way, the best of those that came furthest, so that one comes to the end."""
        receipts = ([find_ended_outcome(known, run) for run in runs] for runs in variants.values())
        if any(all(receipt and receipt.state == "done" for receipt in of_one) for of_one in receipts):
            return {}
        level = max((level for level in levels.values() if level <= len(self._rungs)), default=0)
        if not level:
            return {}
        there = [variant for variant in variants if levels[variant] == level]
        best = min(there, key=lambda v: self._compute_rank(known, variants[v], self._rungs[level - 1]))
        aim = self._find_next_rung(level)
        return dict.fromkeys(self._find_unfinished(known, variants[best], aim), aim)

    def _count_rungs(self, known: OutcomesByRun, runs: Sequence[str]) -> int:
        """How many rungs a variant has come to; one more where all its runs have ended."""
        if all(find_ended_outcome(known, run) for run in runs):
            return len(self._rungs) + 1
        return sum(all(find_outcome_at_rung(known, run, rung) for run in runs) for rung in self._rungs)

    def _find_unfinished(self, known: OutcomesByRun, runs: Sequence[str], aim: int | None) -> list[str]:
        if aim is None:
            return [run for run in runs if find_ended_outcome(known, run) is None]
        return [run for run in runs if find_outcome_at_rung(known, run, aim) is None]

    def _compute_rank(self, known: OutcomesByRun, runs: Sequence[str], rung: int) -> float:
        """The smaller, the better."""
        receipts = [find_outcome_at_rung(known, run, rung) for run in runs]
        value = average_metric(self.objective.metric, [receipt for receipt in receipts if receipt])
        return math.inf if math.isnan(value) else -self.objective.sign * value


def find_outcome_at_rung(known: OutcomesByRun, run: str, rung: int) -> RunOutcome | None:
    """The receipt of a run that has come to an epoch, or has ended before it."""
    receipts: Sequence[RunOutcome] = known.get(run, [])
    there = next((r for r in receipts if r.state == "paused" and r.epochs == rung), None)
    end = find_ended_outcome(known, run)
    return there or (end if end and (end.state != "done" or end.epochs <= rung) else None)


def average_metric(metric: str, receipts: Sequence[RunOutcome]) -> float:
    """The mean of a metric, NaN where one of the runs has none, as it failed or diverged."""
    values = [find_metric(metric, receipt) for receipt in receipts]
    return sum(values) / len(values) if values else math.nan


def find_metric(metric: str, receipt: RunOutcome) -> float:
    """A metric of a run; NaN where it has none."""
    metrics: Mapping[str, float] = receipt.metrics
    return math.nan if receipt.state in ("failed", "diverged") else metrics.get(metric, math.nan)
