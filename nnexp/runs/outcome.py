"""How runs stand, in short: what a sweep is told of its runs, and remembers of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nnexp.runs import manifest
from nnexp.runs.metrics_csv import read_metrics
from nnexp.storage.atomic import replace_nonfinite

METRIC_PREFIXES = ("train_", "dev_", "test_")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One run after an attempt at it.

    state: done, diverged, failed, busy (another process writes it), or paused, at the epoch that was asked for.
    metrics: those of the weights that answer for a run that is done; of one that is paused, its last epoch's row.
    """

    run: str
    state: str
    epochs: int = 0
    best_epoch: int | None = None
    seconds: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    ending: str = ""
    error: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to do for the run, short of trying a failure again."""
        return self.state in ("done", "diverged", "failed")

    def as_dict(self) -> dict[str, Any]:
        """As values of JSON, which knows no NaN."""
        return replace_nonfinite(asdict(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> RunOutcome:
        """The inverse of `as_dict`. Raises TypeError where something else is given."""
        metrics = {name: math.nan if value is None else value for name, value in given["metrics"].items()}
        return cls(**{**given, "metrics": metrics})


def outcome_of_run(folder: Path, until: int | None = None) -> RunOutcome:
    """The receipt of a run folder as it stands; with `until`, where the run has made so many epochs, of its row then.

    Raises RunError where the folder is damaged.
    """
    record = manifest.read_manifest(folder)
    name, state = folder.name, record["state"]
    if state == "failed":
        return RunOutcome(name, "failed", error="it failed before; see events.jsonl in its folder")
    if until is not None and state != "diverged":
        rows = read_metrics(folder)
        if len(rows) >= until:
            row = rows[until - 1]
            ended = state == "done" and record["epochs"] == until
            metrics = {key: value for key, value in row.items() if key.startswith(METRIC_PREFIXES)}
            return RunOutcome(
                name, "done" if ended else "paused", until, seconds=_sum_seconds(rows[:until]), metrics=metrics
            )
    if state == "diverged":
        rows = read_metrics(folder)
        return RunOutcome(name, state, len(rows), seconds=_sum_seconds(rows), ending=state)
    if state != "done":
        return RunOutcome(name, "paused", len(read_metrics(folder)))
    final = {f"{part}_{key}": value for part, values in record["final"].items() for key, value in values.items()}
    best = record["weights"]["epoch"] if record["epochs"] else None
    return RunOutcome(name, state, record["epochs"], best, record["seconds"], final, record["ending"])


def _sum_seconds(rows: list[dict[str, float]]) -> float:
    return sum(row.get("seconds", 0.0) for row in rows)
