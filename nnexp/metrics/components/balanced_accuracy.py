"""Balanced accuracy.   K classes, T tables of confusions"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.confusion import compute_recall
from nnexp.metrics.shares import average_known
from nnexp.registry import metrics
from nnexp.typing import Array, IntArray


@metrics.register("balanced_accuracy")
@dataclass(frozen=True, slots=True)
class BalancedAccuracy(ConfusionMetric):
    """The mean of the classes' recalls, so that every class counts the same, however rare.

        balanced_accuracy = 1/K Σ_k right_k / examples_k

    core: z (N, O), d (N, O) -> (). Over the classes that have examples; NaN where there are none. A yes-or-no output
    has the classes yes and no, and of several outputs it is the mean.
    Source: Brodersen et al. 2010, The Balanced Accuracy and Its Posterior Distribution.
    """

    def measure(self, confusions: IntArray, task: PredictionTask) -> Array:
        return average_known(average_known(compute_recall(confusions)))
