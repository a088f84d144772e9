"""How a sweep stands: what a table of its progress is made of."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.runs.receipts import Receipt
from nnexp.sweeps.folder import Known
from nnexp.sweeps.plan import Planned
from nnexp.sweeps.sections import Objective
from nnexp.sweeps.strategies import ended, mean


@dataclass(slots=True)
class Board:
    """All runs of a sweep, what is known of them, and how far those are that are being trained."""

    runs: Sequence[Planned]
    objective: Objective
    epochs: Mapping[str, int]
    """The epochs that each run is to make."""
    known: Known = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    pruned: set[str] = field(default_factory=set)
    under_way: dict[int, int] = field(default_factory=dict)
    """Epochs that the tasks at work have made, by their numbers."""
    began: float = field(default_factory=time.monotonic)
    epochs_at_start: int = 0

    def state(self, run: str) -> str:
        """done, diverged, failed, pruned, running or waiting."""
        receipt = ended(self.known, run)
        if receipt:
            return receipt.state
        return "pruned" if run in self.pruned else "running" if run in self.running else "waiting"

    def states(self) -> dict[str, str]:
        """The state of every run."""
        return {run.run: self.state(run.run) for run in self.runs}

    def count(self, state: str) -> int:
        """How many runs are in a state."""
        return sum(self.state(run.run) == state for run in self.runs)

    @property
    def epochs_behind(self) -> int:
        """Epochs that were made, of all runs together."""
        return sum(self._behind(run.run) for run in self.runs) + sum(self.under_way.values())

    @property
    def epochs_in_all(self) -> int:
        """Epochs that will have been made in the end: none are made by runs that are over."""
        return sum(
            self._behind(run.run)
            if self.state(run.run) in ("done", "diverged", "failed", "pruned")
            else self.epochs[run.run]
            for run in self.runs
        )

    def seconds_left(self) -> float | None:
        """At the pace since the start; None where there is none yet."""
        made = self.epochs_behind - self.epochs_at_start
        elapsed = time.monotonic() - self.began
        return elapsed / made * max(0, self.epochs_in_all - self.epochs_behind) if made > 0 else None

    def _behind(self, run: str) -> int:
        return max((receipt.epochs for receipt in self.known.get(run, [])), default=0)

    def variants(self) -> dict[str, list[Planned]]:
        """The runs of each variant."""
        found: dict[str, list[Planned]] = {}
        for run in self.runs:
            found.setdefault(run.variant, []).append(run)
        return found

    def value(self, runs: Sequence[Planned]) -> float:
        """The mean of the objective over the runs that are done; NaN where none is."""
        receipts = [receipt for run in runs if (receipt := ended(self.known, run.run))]
        return mean(self.objective.metric, [receipt for receipt in receipts if receipt.state == "done"])

    def best(self) -> tuple[Planned, Receipt] | None:
        """The best run that is done; NaN is never best."""
        found: tuple[float, Planned, Receipt] | None = None
        for run in self.runs:
            receipt = ended(self.known, run.run)
            value = receipt.metrics.get(self.objective.metric, math.nan) if receipt else math.nan
            if receipt is None or receipt.state != "done" or math.isnan(value):
                continue
            if found is None or self.objective.sign * value > self.objective.sign * found[0]:
                found = (value, run, receipt)
        return found and (found[1], found[2])
