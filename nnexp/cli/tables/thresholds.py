"""The thresholds of a run's decisions, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnexp.metrics.outputs import POSITIVE, list_tasks
from nnexp.wording import format_decimal

if TYPE_CHECKING:
    from nnexp.prediction.run import Run


def describe_thresholds(run: Run) -> Iterator[str]:
    """From which probability on an output says yes, or which of two classes is predicted, where that is not ½."""
    thresholds = run.record.get("thresholds")
    if not thresholds:
        return
    for task in list_tasks(run.predictor.description):
        names = [task.classes[POSITIVE]] if task.targets == "classes" else task.classes
        # Tasks of other kinds have no thresholds.
        for name, threshold in zip(names, thresholds.get(task.name, []), strict=False):
            subject = f"{task.name}, {name}" if task.name else name
            yield f"predicted above a probability of {format_decimal(threshold)}: {subject}"
