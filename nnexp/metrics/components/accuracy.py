"""Accuracy.   R replicas, N examples, S scores"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.confusion import find_right
from nnexp.metrics.scores import ExampleScores, RightClass, RightOutputs, average_scores
from nnexp.metrics.shares import divide_or_nan
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array, IntArray


@metrics.register("accuracy")
@dataclass(frozen=True, slots=True)
class Accuracy(ConfusionMetric):
    """The share of examples whose class is right; of yes-or-no outputs, the share that is right.

        accuracy = right / all

    core: z (N, O), d (N, O) -> (). At a tie the first class is predicted. Where rare classes count, see
    balanced_accuracy and macro_f1: of a hundred examples of which one is a fraud, 99 % are right if none is found.
    """

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        # Not confusions: every run counts this in every batch.
        return RightClass() if task.targets == "classes" else RightOutputs()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return average_scores(scores)[:, 0]

    def measure(self, confusions: IntArray, task: PredictionTask) -> Array:
        return divide_or_nan(find_right(confusions).sum(axis=(-2, -1)), confusions.sum(axis=(-3, -2, -1)))
