"""Which variants have their curves drawn, and these curves' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nnexp.errors import RunError
from nnexp.pages.curves import Curve, History, curve
from nnexp.reports.report import Report, rank
from nnexp.reports.rows import Row
from nnexp.reports.variants import Variant
from nnexp.runs.receipts import history

BEST, LOST = 5, 2
"""Variants that are drawn: the best, and those of which runs failed or diverged; and what is compared with."""

RUNS = 20
"""Runs of a variant whose curves are averaged."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A variant and the histories of its runs, or of some of them."""

    variant: Variant
    histories: tuple[History, ...] = field(repr=False)
    runs: int

    @property
    def columns(self) -> list[str]:
        """The columns of metrics.csv that any of its runs has."""
        return list(dict.fromkeys(name for found in self.histories for name in (found.rows[0] if found.rows else ())))

    def curve(self, column: str) -> Curve:
        """The mean of a column over the runs."""
        return curve(self.histories, column, self.variant.overlap)


@dataclass(frozen=True, slots=True)
class Selection:
    """The variants that are drawn, and how many could have been; whether one of them was asked for, or lost runs."""

    drawn: tuple[Drawn, ...]
    of: int
    asked: bool = False
    lost: bool = False

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for one in self.drawn for name in one.columns))

    @property
    def caption(self) -> str:
        """Which variants these are, in words; nothing where they are all."""
        said = []
        if len(self.drawn) < self.of:
            which = [f"the best {min(BEST, len(self.drawn))}"]
            which += ["what they are compared with"] if self.asked else []
            which += [f"up to {LOST} of those that failed or diverged"] if self.lost else []
            listing = f"{', '.join(which[:-1])} and {which[-1]}" if len(which) > 1 else which[0]
            said.append(f"Drawn are {len(self.drawn)} of {self.of:,} variants: {listing}.")
        if any(one.runs > RUNS for one in self.drawn):
            said.append(f"Of a variant the first {RUNS} runs are drawn.")
        return " ".join(said)


def select(report: Report) -> Selection:
    """The variants to draw; the histories of no others are read."""
    every = [variant for variant in sorted(report.variants, key=lambda v: rank(v, report.measure)) if _trains(variant)]
    best = every[:BEST]
    asked = [report.baseline] if report.baseline and _trains(report.baseline) else []
    lost = [variant for variant in every[BEST:] if {"failed", "diverged"} & variant.states.keys()][:LOST]
    chosen = {variant.configuration.key: variant for variant in (*best, *asked, *lost)}
    found = [_read(variant) for variant in chosen.values()]
    drawn = [one for one in found if any(history.rows for history in one.histories)]
    beside = any(variant not in best for variant in asked)
    return Selection(tuple(drawn), len(every) - (len(found) - len(drawn)), asked=beside, lost=bool(lost))


def _trains(variant: Variant) -> bool:
    """Whether it has epochs."""
    return not variant.is_ensemble and not variant.configuration.is_baseline and any(row.epochs for row in variant.rows)


def _read(variant: Variant) -> Drawn:
    """The histories of the runs that are done; where none is, of those that began."""
    rows = variant.done or [row for row in variant.rows if row.epochs]
    histories = [_history(row) for row in rows[:RUNS]]
    return Drawn(variant, tuple(found for found in histories if found.rows), len(rows))


def _history(row: Row) -> History:
    key = row.seed if row.fold is None else row.fold
    try:
        rows: Sequence[dict[str, float]] = history(row.path)
    except (RunError, OSError, ValueError):  # the report has said it
        rows = []
    return History(key, rows)
