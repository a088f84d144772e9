"""What is measured of a network's outputs, task by task.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Description
from nnexp.data.target_scaling import TargetScaling
from nnexp.metrics import metrics
from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.typing import AnyArray, Array, IntArray

ALL_COLUMNS = slice(None)


@dataclass(frozen=True, slots=True)
class _TaskColumns:
    """One task: its kind, the meaning of its outputs, and where its outputs and its scores stand."""

    name: str
    targets: Targets
    outputs: Outputs
    columns: slice
    scores: slice


class TaskMetrics:
    """The metrics of a description's tasks; where there is but one thing to predict, it is the only task.

    A metric is called by its name, or by its task and its name: accuracy, parity_accuracy. Where the targets are
    scaled, errors are measured in the units of the data.
    """

    def __init__(self, description: Description, loss: Loss, target_scaling: TargetScaling | None = None) -> None:
        self._target_scaling = target_scaling
        self._parts = _locate_tasks(description, loss)
        self._only = self._parts[0] if len(self._parts) == 1 else None

    @property
    def score_count(self) -> int:
        """How many numbers an example is scored with."""
        return sum(metrics.count_scores(part.targets) for part in self._parts)

    def score_examples(self, z: Array, d: Array, out: AnyArray) -> None:
        """Fill `out` (R, N, S) from outputs z (R, N, O) and targets d (R or 1, N, O)."""
        if self._target_scaling is not None:
            z, d = self._target_scaling.restore_values(z), self._target_scaling.restore_values(d)
        if self._only:
            # Nothing to cut out: this runs on every batch, and small networks feel each index.
            metrics.score_examples(self._only.targets, self._only.outputs, z, d, out)
            return
        for part in self._parts:
            at = (..., part.columns)
            metrics.score_examples(part.targets, part.outputs, z[at], d[at], out[..., part.scores])

    def count_choices(self, z: Array) -> IntArray:
        """How often each output is chosen, is the class or says yes; 0 for values. core: z (N, O) -> (O)"""
        return self._count_by_task(z, {part.name: part.outputs for part in self._parts})

    def count_targets(self, d: Array) -> IntArray:
        """How often each output should be chosen. core: d (N, O) -> (O)"""
        return self._count_by_task(d, {part.name: "values" for part in self._parts})

    def _count_by_task(self, z: Array, outputs: Mapping[str, Outputs]) -> IntArray:
        found = [metrics.count_choices(p.targets, outputs[p.name], z[..., p.columns]) for p in self._parts]
        return np.concatenate(found, axis=-1)

    def summarize_scores(self, scores: AnyArray, d: Array) -> dict[str, Array]:
        """The metrics, each (R,), from the scores (R, N, S) of all examples and their targets d (R or 1, N, O)."""
        if self._target_scaling is not None:
            d = self._target_scaling.restore_values(d)
        found: dict[str, Array] = {}
        for part in self._parts:
            prefix = f"{part.name}_" if part.name else ""
            own = metrics.summarize_scores(part.targets, scores[..., part.scores], d[..., part.columns])
            found |= {prefix + name: value for name, value in own.items()}
        return found


def list_metric_names(description: Description) -> list[str]:
    """The names of the metrics besides the loss."""
    if not description.tasks:
        return list(metrics.METRIC_NAMES[description.targets])
    names: list[str] = []
    for task in description.tasks:
        names += [f"{task.name}_{name}" for name in metrics.METRIC_NAMES[task.targets]]
    return names


def _locate_tasks(description: Description, loss: Loss) -> list[_TaskColumns]:
    if not description.tasks:
        return [_TaskColumns("", description.targets, loss.outputs, ALL_COLUMNS, ALL_COLUMNS)]
    assert isinstance(loss, TaskLosses), "several tasks have a loss each"
    parts, start = [], 0
    for task, (weighted, columns) in zip(description.tasks, loss.locate_tasks(), strict=True):
        stop = start + metrics.count_scores(task.targets)
        parts.append(_TaskColumns(task.name, task.targets, weighted.loss.outputs, columns, slice(start, stop)))
        start = stop
    return parts
