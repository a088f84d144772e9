"""Which runs are to be trained now, and how far: decided from receipts alone, so that a restart decides the same."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnexp.runs.receipts import Receipt
from nnexp.sweeps.folder import Known
from nnexp.sweeps.plan import Planned
from nnexp.sweeps.sections import Halving, Objective


class Strategy(ABC):
    """What a sweep does with its runs."""

    @abstractmethod
    def due(self, known: Known) -> dict[str, int | None]:
        """The runs that lack something, by name, the most urgent first: to which epoch, or None for their end.

        Those that are being trained at the moment are among them.
        """

    def pruned(self, known: Known) -> set[str]:
        """The runs whose training was cut short for good."""
        return set()


def ended(known: Known, run: str) -> Receipt | None:
    """The receipt of a run that has ended, if it has."""
    return next((receipt for receipt in known.get(run, []) if receipt.ended), None)


@dataclass(frozen=True, slots=True)
class Plain(Strategy):
    """Every run is trained to its end."""

    runs: Sequence[Planned]

    def due(self, known: Known) -> dict[str, int | None]:
        return {run.run: None for run in self.runs if ended(known, run.run) is None}


@dataclass(frozen=True, slots=True)
class SuccessiveHalving(Strategy):
    """At each rung the best variants go on.    V variants: round(keep · V) of them, at least one

    A variant's value is the mean of its runs; one with a run that failed or diverged comes last.
    """

    runs: Sequence[Planned]
    halving: Halving
    objective: Objective

    def due(self, known: Known) -> dict[str, int | None]:
        return self._asynchronous(known) if self.halving.asynchronous else self._rounds(known)[0]

    def pruned(self, known: Known) -> set[str]:
        if self.halving.asynchronous:
            if self.due(known):
                return set()
            going = {v for v, runs in self._variants().items() if self._level(known, runs) > len(self._rungs)}
        else:
            _, going = self._rounds(known)
        return {
            run.run for run in self.runs if run.variant not in going and ended(known, run.run) is None
        }  # those that ended before they were cut short are done

    @property
    def _rungs(self) -> tuple[int, ...]:
        return tuple(sorted(set(self.halving.rungs)))

    def _variants(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for run in self.runs:
            found.setdefault(run.variant, []).append(run.run)
        return found

    def _rounds(self, known: Known) -> tuple[dict[str, int | None], set[str]]:
        """What is due in the first round that is not over, and the variants that take part in it."""
        variants = self._variants()
        for rung in self._rungs:
            due: dict[str, int | None] = {
                run: rung for runs in variants.values() for run in runs if at_rung(known, run, rung) is None
            }
            if due:
                return due, set(variants)
            kept = max(1, round(self.halving.keep * len(variants)))
            ranked = sorted(variants, key=lambda v: self._rank(known, variants[v], rung))[:kept]  # stable: in order
            variants = {variant: runs for variant, runs in variants.items() if variant in ranked}
        due = {run: None for runs in variants.values() for run in runs if ended(known, run) is None}
        return due, set(variants)

    def _asynchronous(self, known: Known) -> dict[str, int | None]:
        """Promotions, from the highest rung down, then the variants that have not come to the first."""
        variants = self._variants()
        levels = {variant: self._level(known, runs) for variant, runs in variants.items()}
        due: dict[str, int | None] = {}
        for level in range(len(self._rungs), 0, -1):
            there = [variant for variant in variants if levels[variant] >= level]
            kept = int(self.halving.keep * len(there) + 1e-9) or (len(there) == len(variants))
            rung = self._rungs[level - 1]
            best = sorted(there, key=lambda v: self._rank(known, variants[v], rung))[:kept]
            aim = self._after(level)
            due |= {run: aim for v in best if levels[v] == level for run in self._lacking(known, variants[v], aim)}
        first = self._rungs[0]
        started = (v for v in variants if levels[v] == 0)
        due |= {run: first for v in started for run in self._lacking(known, variants[v], first)}
        return due or self._furthest(known, variants, levels)

    def _after(self, level: int) -> int | None:
        """Where a variant goes on to that has come to so many rungs; None for the end."""
        return self._rungs[level] if level < len(self._rungs) else None

    def _furthest(
        self, known: Known, variants: Mapping[str, Sequence[str]], levels: Mapping[str, int]
    ) -> dict[str, int | None]:
        """Where nobody else is on the way, the best of those that came furthest, so that one comes to the end."""
        receipts = ([ended(known, run) for run in runs] for runs in variants.values())
        if any(all(receipt and receipt.state == "done" for receipt in of_one) for of_one in receipts):
            return {}
        level = max((level for level in levels.values() if level <= len(self._rungs)), default=0)
        if not level:
            return {}
        there = [variant for variant in variants if levels[variant] == level]
        best = min(there, key=lambda v: self._rank(known, variants[v], self._rungs[level - 1]))
        aim = self._after(level)
        return dict.fromkeys(self._lacking(known, variants[best], aim), aim)

    def _level(self, known: Known, runs: Sequence[str]) -> int:
        """How many rungs a variant has come to; one more where all its runs have ended."""
        if all(ended(known, run) for run in runs):
            return len(self._rungs) + 1
        return sum(all(at_rung(known, run, rung) for run in runs) for rung in self._rungs)

    def _lacking(self, known: Known, runs: Sequence[str], aim: int | None) -> list[str]:
        if aim is None:
            return [run for run in runs if ended(known, run) is None]
        return [run for run in runs if at_rung(known, run, aim) is None]

    def _rank(self, known: Known, runs: Sequence[str], rung: int) -> float:
        """The smaller, the better."""
        receipts = [at_rung(known, run, rung) for run in runs]
        value = mean(self.objective.metric, [receipt for receipt in receipts if receipt])
        return math.inf if math.isnan(value) else -self.objective.sign * value


def at_rung(known: Known, run: str, rung: int) -> Receipt | None:
    """The receipt of a run that has come to an epoch, or has ended before it."""
    receipts: Sequence[Receipt] = known.get(run, [])
    there = next((r for r in receipts if r.state == "paused" and r.epochs == rung), None)
    end = ended(known, run)
    return there or (end if end and (end.state != "done" or end.epochs <= rung) else None)


def mean(metric: str, receipts: Sequence[Receipt]) -> float:
    """The mean of a metric, NaN where one of the runs has none, as it failed or diverged."""
    values = [value_of(metric, receipt) for receipt in receipts]
    return sum(values) / len(values) if values else math.nan


def value_of(metric: str, receipt: Receipt) -> float:
    """A metric of a run; NaN where it has none."""
    metrics: Mapping[str, float] = receipt.metrics
    return math.nan if receipt.state in ("failed", "diverged") else metrics.get(metric, math.nan)
