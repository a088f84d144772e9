"""What is measured of a network's outputs, task by task.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnexp.data.target_scaling import TargetScaling
from nnexp.metrics.choose import choose_task_metrics, list_all_metrics, prefix_task
from nnexp.metrics.components.base import ConfusionMetric, Metric
from nnexp.metrics.outputs import TaskOutputs
from nnexp.metrics.scores import ExampleScores
from nnexp.metrics.thresholds import Thresholds, choose_thresholds, has_threshold
from nnexp.typing import AnyArray, Array, IntArray

ALL_COLUMNS = slice(None)


@dataclass(frozen=True, slots=True)
class _ScoreColumns:
    """Numbers of each example, and where they stand among all scores."""

    scores: ExampleScores
    columns: slice


@dataclass(frozen=True, slots=True)
class _TaskColumns:
    """One task: its outputs and where they stand, its scores, and its metrics, each with the place of its scores."""

    outputs: TaskOutputs
    columns: slice
    scores: tuple[_ScoreColumns, ...]
    metrics: tuple[tuple[Metric, slice], ...]


class TaskMetrics:
    """The metrics of one or several tasks; where there is but one thing to predict, it is the only task.

    A metric is called by its name, or by its task and its name: accuracy, parity_accuracy. `asked` are metrics besides
    the usual ones, each measured of every task that it fits. Where the targets are scaled, errors are measured in the
    units of the data.
    """

    def __init__(
        self,
        outputs: Sequence[TaskOutputs],
        asked: Sequence[Metric] = (),
        target_scaling: TargetScaling | None = None,
    ) -> None:
        self.outputs, self._asked, self._target_scaling = tuple(outputs), tuple(asked), target_scaling
        self._parts = _locate_tasks(outputs, asked)
        self._only: tuple[TaskOutputs, ExampleScores] | None = None
        if len(self._parts) == 1 and len(self._parts[0].scores) == 1:
            self._only = (self._parts[0].outputs, self._parts[0].scores[0].scores)

    def measure_everything(self) -> TaskMetrics:
        """The same with every metric that fits: what is asked for, then all others."""
        return TaskMetrics(self.outputs, [*self._asked, *list_all_metrics()], self._target_scaling)

    def set_thresholds(self, thresholds: Sequence[Thresholds]) -> TaskMetrics:
        """The same with other decisions, those of each replica by thresholds of its own; one may be for all."""
        outputs = list(self.outputs)
        for place, entry in enumerate(outputs):
            if has_threshold(entry):
                own = np.array([replica[entry.task.name] for replica in thresholds])
                outputs[place] = replace(entry, thresholds=own)
        return TaskMetrics(outputs, self._asked, self._target_scaling)

    def choose_thresholds(self, z: Array, d: Array, metric: ConfusionMetric) -> list[Thresholds]:
        """For each replica the thresholds with which a metric is largest for outputs z (R, N, O) and targets d."""
        return choose_thresholds(self.outputs, z, d, metric)

    @property
    def score_count(self) -> int:
        """How many numbers an example is scored with."""
        return self._parts[-1].scores[-1].columns.stop

    def score_examples(self, z: Array, d: Array, out: AnyArray) -> None:
        """Fill `out` (R, N, S) from outputs z (R, N, O) and targets d (R or 1, N, O)."""
        if self._target_scaling is not None:
            z, d = self._target_scaling.restore_values(z), self._target_scaling.restore_values(d)
        if self._only:
            # Nothing to cut out: this runs on every batch, and small networks feel each index.
            outputs, scores = self._only
            scores.score_examples(outputs, z, d, out)
            return
        for part in self._parts:
            own_z, own_d = z[..., part.columns], d[..., part.columns]
            for entry in part.scores:
                entry.scores.score_examples(part.outputs, own_z, own_d, out[..., entry.columns])

    def count_choices(self, z: Array) -> IntArray:
        """How often each output is chosen, is the class or says yes; 0 for values. core: z (N, O) -> (O)"""
        return np.concatenate([_count_choices(part.outputs, z[..., part.columns]) for part in self._parts], axis=-1)

    def count_targets(self, d: Array) -> IntArray:
        """How often each output should be chosen. core: d (N, O) -> (O)"""
        counts = []
        for part in self._parts:
            as_given = replace(part.outputs, meaning="values", thresholds=None)
            counts.append(_count_choices(as_given, d[..., part.columns]))
        return np.concatenate(counts, axis=-1)

    def summarize_scores(self, scores: AnyArray, d: Array) -> dict[str, Array]:
        """The metrics, each (R,), from the scores (R, N, S) of all examples and their targets d (R or 1, N, O)."""
        if self._target_scaling is not None:
            d = self._target_scaling.restore_values(d)
        found: dict[str, Array] = {}
        for part in self._parts:
            task = part.outputs.task
            for metric, columns in part.metrics:
                value = metric.summarize(scores[..., columns], d[..., part.columns], task)
                found[prefix_task(metric.name, task)] = value
        return found


def _count_choices(outputs: TaskOutputs, z: Array) -> IntArray:
    targets, width = outputs.task.targets, z.shape[-1]
    if targets == "classes":
        return (outputs.decide_classes(z)[..., None] == np.arange(width)).sum(axis=-2)
    if targets == "binary":
        return outputs.decide_yes(z).sum(axis=-2)
    return np.zeros((*z.shape[:-2], width), dtype=np.int64)


def _locate_tasks(all_outputs: Sequence[TaskOutputs], asked: Sequence[Metric]) -> list[_TaskColumns]:
    """Each task with the columns of its outputs, its scores and its metrics; equal scores are taken once."""
    parts, start, first = [], 0, 0
    for outputs in all_outputs:
        task = outputs.task
        stop = start + len(task.classes)
        places: dict[ExampleScores, slice] = {}
        metrics = []
        for metric in choose_task_metrics(outputs, asked):
            scores = metric.choose_scores(task)
            if scores not in places:
                places[scores] = slice(first, first + scores.count(task))
                first = places[scores].stop
            metrics.append((metric, places[scores]))
        columns = ALL_COLUMNS if len(all_outputs) == 1 else slice(start, stop)
        located = tuple(_ScoreColumns(*entry) for entry in places.items())
        parts.append(_TaskColumns(outputs, columns, located, tuple(metrics)))
        start = stop
    return parts
