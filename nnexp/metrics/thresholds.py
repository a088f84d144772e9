"""Decision thresholds: the probability above which an output says yes, or of two classes it is the second.

R replicas, N examples, O outputs, C candidates
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.choose import find_misfit
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.outputs import POSITIVE, TaskOutputs
from nnexp.typing import AnyArray, Array, BoolArray

Thresholds: TypeAlias = Mapping[str, Sequence[float]]
"""By the name of a task, "" where there is but one: a threshold for each yes-or-no output, or one for two classes."""

USUAL_THRESHOLD = 0.5


def has_threshold(outputs: TaskOutputs) -> bool:
    """Whether what is decided of a task depends on a threshold of its probabilities."""
    is_pair = outputs.task.targets == "classes" and len(outputs.task.classes) == 2
    return outputs.are_probabilities and (is_pair or outputs.task.targets == "binary")


def count_thresholds(task: PredictionTask) -> int:
    """How many thresholds a task has."""
    return 1 if task.targets == "classes" else len(task.classes)


def set_fixed_threshold(all_outputs: Sequence[TaskOutputs], threshold: float) -> Thresholds:
    """The same threshold for everything that has one."""
    tasks = [outputs.task for outputs in all_outputs if has_threshold(outputs)]
    return {task.name: [threshold] * count_thresholds(task) for task in tasks}


def choose_thresholds(
    all_outputs: Sequence[TaskOutputs], z: Array, d: Array, metric: ConfusionMetric
) -> list[Thresholds]:
    """For each replica the thresholds with which the metric is largest for outputs z (R, N, ΣO) and targets d.

    Each output is taken by itself. One that the metric does not fit, or for which it is unknown, keeps ½.
    """
    found: list[dict[str, list[float]]] = [{} for _ in z]
    start = 0
    for outputs in all_outputs:
        task = outputs.task
        columns = slice(start, start + len(task.classes))
        start = columns.stop
        if not has_threshold(outputs):
            continue
        p, is_yes = outputs.predict(z[..., columns]), d[..., columns] > 0.5
        for row, thresholds in enumerate(found):
            own = is_yes[row if len(is_yes) > 1 else 0]
            thresholds[task.name] = [
                _choose_threshold(p[row, :, column], own[:, column], single, metric)
                for single, column in list_single_decisions(outputs)
            ]
    return list(found)


def list_single_decisions(outputs: TaskOutputs) -> Iterator[tuple[TaskOutputs, int]]:
    """Each output with a threshold, as if it were the only one, and its column."""
    task = outputs.task
    if task.targets == "classes":
        yield outputs, POSITIVE
        return
    for column, name in enumerate(task.classes):
        single = PredictionTask(task.name, "binary", (name,))
        yield TaskOutputs(single, outputs.meaning, outputs.predict, outputs.are_probabilities), column


def _choose_threshold(p: Array, is_yes: BoolArray, outputs: TaskOutputs, metric: ConfusionMetric) -> float:
    """The threshold of one output from its probabilities p (N): of equally good ones that nearest to ½."""
    if find_misfit(metric, outputs) or np.isnan(p).any():
        return USUAL_THRESHOLD
    # In the middle between two probabilities, where rounding moves no example to the other side.
    edges = np.unique(np.concatenate([[0.0, 1.0], p.astype(np.float64)]))
    candidates = np.append((edges[1:] + edges[:-1]) / 2, USUAL_THRESHOLD)
    confusions = _count_at_thresholds(p, is_yes, candidates)
    measured = metric.measure(confusions[:, None], outputs.task)
    if np.isnan(measured).all():
        return USUAL_THRESHOLD
    best = candidates[measured == np.nanmax(measured)]
    return float(best[np.abs(best - USUAL_THRESHOLD).argmin()])


def _count_at_thresholds(p: Array, is_yes: BoolArray, candidates: Array) -> AnyArray:
    """Confusions of no and yes at each threshold. (C, 2, 2)"""
    counts = np.empty((len(candidates), 2, 2), np.int64)
    for row, group in enumerate((p[~is_yes], p[is_yes])):
        said_no = np.searchsorted(np.sort(group).astype(np.float64), candidates, side="right")
        counts[:, row, 0], counts[:, row, 1] = said_no, len(group) - said_no
    return counts
