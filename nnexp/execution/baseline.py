"""Fitting a baseline in its folder. A fit that was interrupted begins again, as it has no state to save."""

from __future__ import annotations

import time
from collections.abc import Callable

from nnexp import registry
from nnexp.baselines.base import FitError, FittedArrays
from nnexp.data.parts import Part, Parts
from nnexp.data.splits import PART_NAMES
from nnexp.errors import Interrupted, RunError
from nnexp.execution.interrupts import InterruptListener
from nnexp.prediction.baseline import FittedBaseline
from nnexp.runs import checkpoints, manifest
from nnexp.runs.folder import RunFolder
from nnexp.runs.metrics_csv import write_metrics
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.baseline import count_parameters
from nnexp.training.events import Event, FitStarted, Notice
from nnexp.typing import MetricsRow


def fit_baseline(
    folder: RunFolder, spec: BaselineSpec, parts: Parts, interrupts: InterruptListener, watch: Callable[[Event], None]
) -> None:
    """Fit, evaluate every part, and close the record.

    Raises Interrupted between two of these, RunError where the baseline cannot be fitted.
    """
    for notice in folder.notices:
        watch(Notice(notice))
    watch(FitStarted(registry.baselines.name_of(spec.baseline), len(parts.train)))
    _report_absent_classes(folder, parts, watch)
    start = time.perf_counter()
    kept = _fit_or_record_failure(folder, spec, parts)
    baseline = FittedBaseline(spec.baseline, parts.description, parts.shift, parts.scale, kept, metrics=spec.metrics)
    final: dict[str, dict[str, float]] = {}
    for name in PART_NAMES:
        if interrupts.received is not None:
            raise Interrupted("stopped; the fit will begin again", interrupts.received)
        if len(parts[name]):
            final[name] = baseline.evaluate(parts[name])
    seconds = time.perf_counter() - start
    checkpoints.write_archive(folder.last_checkpoint, folder.digest, dict(kept), {"epoch": 0})
    write_metrics(folder.path, [_build_row(final, seconds)])
    folder.update_record(
        state="done",
        ended=manifest.utc_now(),
        ending="fitted",
        epochs=0,
        steps=0,
        weights={"checkpoint": "last", "epoch": 0},
        parameters=count_parameters(spec),
        seconds=seconds,
        final=final,
    )


def _fit_or_record_failure(folder: RunFolder, spec: BaselineSpec, parts: Parts) -> FittedArrays:
    """The arrays of the fitted baseline. Where it cannot be fitted, records that and raises RunError."""
    train: Part = parts.train
    try:
        return spec.baseline.fit(train.x.reshape(len(train), -1), train.d, parts.description.classes)
    except FitError as error:
        folder.log_event("failed", error=str(error))
        folder.update_record(state="failed", ended=manifest.utc_now())
        raise RunError(f"{spec.name}: {error}") from None


def _report_absent_classes(folder: RunFolder, parts: Parts, watch: Callable[[Event], None]) -> None:
    """Warn of classes without a training example, which are never predicted."""
    if parts.description.targets != "classes":
        return
    counts = parts.train.d.sum(axis=-2)
    absent = [name for name, count in zip(parts.description.classes, counts, strict=True) if not count]
    if absent:
        folder.log_event("absent_classes", classes=absent)
        watch(Notice(f"the training part has no example of {', '.join(absent)}: no example is put into this class"))


def _build_row(final: dict[str, dict[str, float]], seconds: float) -> MetricsRow:
    """The only row of metrics.csv, with those of a network's columns that a baseline has too."""
    row: MetricsRow = {"epoch": 0, "step": 0}
    for part in ("train", "dev"):
        for name, value in final.get(part, {}).items():
            row[f"{part}_{name}"] = value
    row["seconds"] = seconds
    return row
