"""The outcome of a run: what a worker reports to its sweep, and the sweep keeps in its ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nnexp.runs import manifest
from nnexp.runs.manifest import Manifest
from nnexp.runs.metrics_csv import read_metrics
from nnexp.storage.atomic import replace_nonfinite
from nnexp.typing import MetricsRow

METRIC_PREFIXES = ("train_", "dev_", "test_")
"""What the names of metrics begin with, unlike the other columns of metrics.csv."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A run after an attempt to train it.

    state: done, diverged, failed, busy (another process trains it), paused, at the epoch that was asked for, or
    discarded, to be trained again.
    metrics: of a run that is done those of its final weights; of one that is paused its last epoch's row.
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
        """Whether training it further changes nothing, short of trying again after a failure."""
        return self.state in ("done", "diverged", "failed")

    def as_dict(self) -> dict[str, Any]:
        """As values of JSON, where null stands for what is not finite."""
        return replace_nonfinite(asdict(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> RunOutcome:
        """The inverse of `as_dict`. Raises TypeError where something else is given."""
        metrics = {name: math.nan if value is None else value for name, value in given["metrics"].items()}
        return cls(**{**given, "metrics": metrics})


def outcome_of_run(folder: Path, until: int | None = None) -> RunOutcome:
    """The outcome of a run from its folder; with `until`, that after this epoch if the run has come so far.

    Raises RunError where the folder is damaged.
    """
    record = manifest.read_manifest(folder)
    name, state = folder.name, record["state"]
    if state == "failed":
        return RunOutcome(name, "failed", error="it failed before; see events.jsonl in its folder")
    if state == "diverged":
        rows = read_metrics(folder)
        return RunOutcome(name, state, len(rows), seconds=_sum_seconds(rows), ending=state)
    if until is not None:
        rows = read_metrics(folder)
        if len(rows) >= until:
            return _make_outcome_at(name, record, rows[:until])
    if state != "done":
        return RunOutcome(name, "paused", len(read_metrics(folder)))
    best_epoch = record["weights"]["epoch"] if record["epochs"] else None
    final = flatten_metrics(record["final"])
    return RunOutcome(name, state, record["epochs"], best_epoch, record["seconds"], final, record["ending"])


def _make_outcome_at(name: str, record: Manifest, rows: list[MetricsRow]) -> RunOutcome:
    """The outcome after the last of these rows; a run that was trained further counts as paused there."""
    epochs = len(rows)
    has_ended = record["state"] == "done" and record["epochs"] == epochs
    metrics = {key: value for key, value in rows[-1].items() if key.startswith(METRIC_PREFIXES)}
    state = "done" if has_ended else "paused"
    return RunOutcome(name, state, epochs, seconds=_sum_seconds(rows), metrics=metrics)


def flatten_metrics(final: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The metrics of all parts in one dictionary: test_accuracy."""
    found: dict[str, float] = {}
    for part, metrics in final.items():
        for name, value in metrics.items():
            found[f"{part}_{name}"] = value
    return found


def _sum_seconds(rows: list[MetricsRow]) -> float:
    return sum(row.get("seconds", 0.0) for row in rows)
