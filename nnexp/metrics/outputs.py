"""What the outputs of one task say: which class, yes or no, with which probability.   R replicas, N examples, O outputs

K classes
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Description, PredictionTask
from nnexp.nn.losses.base import Loss, Outputs
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.typing import AnyArray, Array, BoolArray, IntArray

Predict = Callable[[Array], Array]

POSITIVE = 1
"""Of two classes the second is the one that is looked for, as in scikit-learn."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskOutputs:
    """The task, the meaning of its outputs z (R, N, O), and the thresholds at which they are parted.

    predict: what the loss makes of z, which are probabilities if `are_probabilities`.  thresholds (R or 1, O): the
    probability above which an output says yes, or, of two classes, (R or 1, 1) that above which it is the second; None
    for the usual decision: the largest output, and for yes or no the middle.
    """

    task: PredictionTask
    meaning: Outputs
    predict: Predict
    are_probabilities: bool
    thresholds: Array | None = None

    def decide_classes(self, z: Array) -> IntArray:
        """The number of the class; at a tie the first. core: (N, K) -> (N)"""
        if self.thresholds is None:
            return z.argmax(axis=-1)
        return apply_thresholds(self.task, self.predict(z), self.thresholds)

    def decide_yes(self, z: Array) -> BoolArray:
        """Which outputs say yes. core: (N, O) -> (N, O)"""
        if self.thresholds is None:
            middle = 0.5 if self.meaning == "values" else 0
            return z > middle
        return apply_thresholds(self.task, self.predict(z), self.thresholds)

    def compute_probabilities(self, z: Array) -> Array:
        """Probabilities in double precision, those of classes with the sum 1. core: (N, O) -> (N, O)"""
        p = self.predict(z.astype(np.float64))
        if self.task.targets == "classes":
            # Sigmoids of one class against the rest have another sum.
            p = p / p.sum(axis=-1, keepdims=True)
        return p


def apply_thresholds(task: PredictionTask, p: AnyArray, thresholds: Array) -> AnyArray:
    """What is decided of probabilities: a class (N), or yes or no of every output (N, O). core: (N, O), (O or 1)"""
    if task.targets == "classes":
        return (p[..., POSITIVE] > thresholds).astype(np.int64)
    return p > thresholds[..., None, :]


def list_tasks(description: Description) -> tuple[PredictionTask, ...]:
    """The things to predict; where there is but one, it is a task without a name."""
    return description.tasks or (PredictionTask("", description.targets, description.classes),)


def list_task_outputs(description: Description, loss: Loss) -> list[TaskOutputs]:
    """What the outputs of a network with this loss say, task by task; of a task without a loss, nothing."""
    found = []
    for task in list_tasks(description):
        own = loss
        if isinstance(loss, TaskLosses):
            if task.name not in loss.tasks.names:
                continue
            own = loss.tasks[task.name].loss
        found.append(TaskOutputs(task, own.outputs, own.predict, own.outputs == "logits"))
    return found
